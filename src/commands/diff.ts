import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { EXIT } from '../cli/exit-code.ts';
import { renderDiff } from '../cli/render/diff.ts';
import { BackupError } from '../core/model/backup-error.ts';

export default class Diff extends BaseCommand {
  static override summary = 'Compare two backups, or a backup with the project as it is now';
  static override description =
    'Added, removed and changed paths by category, and what the LevelDB databases hold. Times alone are no change. ' +
    'With one backup it is compared with the latest; with --live, and without any, the latest with the project.';
  static override usage = '<%= command.id %> [BEFORE] [AFTER] [FLAGS]';
  static override hiddenAliases = ['backup:diff'];
  static override examples = [
    '<%= config.bin %> diff --live',
    '<%= config.bin %> diff migration-2026-11-20 migration-2026-11-23',
    '<%= config.bin %> diff --live --exit-code --json',
  ];
  static override args = {
    before: Args.string({ description: 'ID, unique start of an ID, or path of a backup (default: the latest)' }),
    after: Args.string({ description: 'The backup to compare it with (default: the latest, or the project)' }),
  };
  static override flags = {
    live: Flags.boolean({ summary: 'Compare with the project as it is now' }),
    'exit-code': Flags.boolean({ summary: 'Exit with 4 if anything differs or cannot be compared' }),
    verbose: Flags.boolean({ summary: 'List every path' }),
  };

  async run(): Promise<number> {
    const { args, flags } = await this.parse(Diff);
    if (flags.live && args.after !== undefined) {
      throw new BackupError('USAGE', `both ${args.after} and --live say what to compare with`, {
        hint: 'give one of them',
      });
    }
    const session = await this.open(flags);
    const { select } = await import('../core/import-v1/open-backup.ts');
    const { diffBackups, diffLive } = await import('../core/operations/diff.ts');
    const project = await session.project();
    const before = await select(project, args.before, process.cwd(), session.context);
    try {
      const live = flags.live || args.before === undefined;
      const other = live ? null : await select(project, args.after, process.cwd(), session.context);
      // The latest compared with the latest would say nothing.
      const after = args.after === undefined && other?.id === before.id ? null : other;
      try {
        const report =
          after === null
            ? await diffLive(project, before, session.context)
            : await diffBackups(before, after, session.context);
        const exitCode = flags['exit-code'] && !report.same ? EXIT.findings : EXIT.done;
        return session.finish(report, (shown, paint) => renderDiff(shown, paint, flags.verbose), exitCode);
      } finally {
        other?.dispose();
      }
    } finally {
      before.dispose();
    }
  }
}
