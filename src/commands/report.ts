import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { EXIT } from '../cli/exit-code.ts';
import { renderForReading, renderReport } from '../cli/render/report.ts';
import { fromRemote, readRemoteFlags } from '../cli/remote-flags.ts';
import { latestFlag, selectionArgs, selectorOf } from '../cli/selection.ts';

export default class Report extends BaseCommand {
  static override summary = 'Show what is on record about a backup, as Markdown';
  static override description =
    'Opens with four answers and their evidence: is all state covered, was it verified in full, rehearsed, and restored once? ' +
    'Made for a pull request or a CI summary. It verifies nothing itself: it reads the reports that other commands wrote.';
  static override usage = '<%= command.id %> [BACKUP] [FLAGS]';
  static override hiddenAliases = ['backup:report'];
  static override examples = [
    '<%= config.bin %> report',
    '<%= config.bin %> report --latest >> "$GITHUB_STEP_SUMMARY"',
    '<%= config.bin %> report --format json',
  ];
  static override args = selectionArgs;
  static override flags = {
    latest: latestFlag,
    ...readRemoteFlags,
    format: Flags.option({
      options: ['md', 'json'] as const,
      summary: 'Markdown, or the same as --json',
      default: 'md' as const,
    })(),
  };

  async run(): Promise<number> {
    const { args, flags } = await this.parse(Report);
    const session = await this.open({ ...flags, json: flags.json || flags.format === 'json' });
    const { select } = await import('../core/import-v1/open-backup.ts');
    const { report } = await import('../core/operations/report.ts');
    const project = await session.project();
    const selected = await select(
      project,
      selectorOf(args, flags),
      process.cwd(),
      session.context,
      fromRemote(flags, false),
    );
    try {
      const summary = await report(selected, project, session.context);
      return session.finish(summary, process.stdout.isTTY ? renderForReading : renderReport, EXIT.done);
    } finally {
      selected.dispose();
    }
  }
}
