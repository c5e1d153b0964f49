import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { EXIT, exitCodeOfError } from '../cli/exit-code.ts';
import { renderStatus } from '../cli/render/status.ts';

export default class Status extends BaseCommand {
  static override summary = 'Show where the project stands: what is gone, and what can be brought back';
  static override description =
    'Shows first what complete backups have and the project lacks, until it is back or accepted (create --accept-gone); then the repository, the latest backup and how it was ' +
    'proven, what is unfinished, what undo takes back, and the next step. It verifies nothing and writes nothing. ' +
    'Where copies of the latest backup are goes by what was pushed from here and seen last; with --remote that remote is asked now, and what it has is remembered in your home.';
  static override usage = '<%= command.id %> [FLAGS]';
  static override hiddenAliases = ['backup:status'];
  static override examples = [
    '<%= config.bin %> status',
    '<%= config.bin %> status --json',
    '<%= config.bin %> status --remote offsite',
  ];
  static override flags = {
    remote: Flags.string({
      summary: 'Ask this remote which copies it has: a name in the config, or a URL (repeatable)',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'NAME',
    }),
    insecure: Flags.boolean({ summary: 'Allow plain http to another machine', dependsOn: ['remote'] }),
  };

  async run(): Promise<number> {
    const { flags } = await this.parse(Status);
    const session = await this.open(flags);
    const { status } = await import('../core/operations/status.ts');
    const options = { remotes: flags.remote ?? [], insecure: flags.insecure };
    const report = await status(await session.project({ wayBack: true }), options, session.context);
    const failed = report.asked.find(({ error }) => error !== null)?.error;
    return session.finish(report, renderStatus, failed ? exitCodeOfError(failed.code) : EXIT.done);
  }
}
