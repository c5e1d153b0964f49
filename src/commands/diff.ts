import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { collectOften } from '../cli/cap-memory.ts';
import { EXIT } from '../cli/exit-code.ts';
import { renderDiff } from '../cli/render/diff.ts';
import { fromRemote, readRemoteFlags } from '../cli/remote-flags.ts';
import { latestFlag, onlyFlag, selectionArgs, selectorOf } from '../cli/selection.ts';
import { BackupError } from '../core/model/backup-error.ts';

export default class Diff extends BaseCommand {
  static override summary = 'Compare two backups, or a backup with the project as it is now';
  static override description =
    'Lists added, removed and changed paths by category, which records of databases and which recorded deployments changed. Times alone do not count as a change. ' +
    'Without a second backup, the first is compared with the project as it is now. --content shows what differs in one file, up to 16 MiB: ' +
    'in JSON by JSON pointer, in other UTF-8 text line by line; of other files it shows sizes and hashes, and of a database how to see its records. ' +
    'With --remote both backups are copies there, and --copy says which one BEFORE is.';
  static override usage = '<%= command.id %> [BEFORE] [AFTER] [FLAGS]';
  static override hiddenAliases = ['backup:diff'];
  static override examples = [
    '<%= config.bin %> diff',
    '<%= config.bin %> diff latest~1 latest',
    '<%= config.bin %> diff --content deployments/mainnet/Token.json',
    '<%= config.bin %> diff --exit-code --json',
  ];
  static override args = {
    before: selectionArgs.backup,
    after: Args.string({ description: 'The backup to compare it with (default: the project)' }),
  };
  static override flags = {
    latest: latestFlag,
    ...readRemoteFlags,
    only: onlyFlag,
    live: Flags.boolean({ summary: 'Compare with the project as it is now (this is the default)' }),
    'exit-code': Flags.boolean({ summary: 'Exit with 4 if anything differs or cannot be compared' }),
    content: Flags.string({
      summary: 'Show what differs in this file; nothing else is compared',
      helpValue: 'PATH',
      exclusive: ['only'],
    }),
    verbose: Flags.boolean({ summary: 'List every path, and up to 1000 records of a database, leaves or lines' }),
  };

  async run(): Promise<number> {
    const { args, flags } = await this.parse(Diff);
    if (flags.live && args.after !== undefined) {
      throw new BackupError('USAGE', `both ${args.after} and --live say what to compare with`, {
        hint: 'Give one of them.',
      });
    }
    const selector = selectorOf({ backup: args.before }, flags);
    const session = await this.open(flags);
    collectOften();
    const { select } = await import('../core/import-v1/open-backup.ts');
    const { diffBackups, diffLive } = await import('../core/operations/diff.ts');
    const project = await session.project();
    const from = fromRemote(flags, false);
    const before = await select(project, selector, process.cwd(), session.context, from);
    try {
      const after =
        args.after === undefined
          ? null
          : await select(project, args.after, process.cwd(), session.context, from && { ...from, copy: undefined });
      try {
        const { resolveOnly } = await import('../core/operations/resolve-only.ts');
        const backups = after === null ? [before] : [before, after];
        const cwd = process.cwd();
        const where = { cwd, backups, live: after === null };
        const only =
          flags.content === undefined
            ? await resolveOnly(flags.only, project, where, session.context)
            : await resolveOnly([flags.content], project, { ...where, flag: '--content' }, session.context);
        const content = flags.content === undefined ? undefined : { word: flags.content, cwd, project };
        const report =
          after === null
            ? await diffLive(project, before, session.context, only, content)
            : await diffBackups(before, after, session.context, only, content);
        const exitCode = flags['exit-code'] && !report.same ? EXIT.findings : EXIT.done;
        return session.finish(report, (shown, paint) => renderDiff(shown, paint, flags.verbose), exitCode);
      } finally {
        after?.dispose();
      }
    } finally {
      before.dispose();
    }
  }
}
