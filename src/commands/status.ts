import { BaseCommand } from '../cli/base-command.ts';
import { EXIT } from '../cli/exit-code.ts';
import { renderStatus } from '../cli/render/status.ts';

export default class Status extends BaseCommand {
  static override summary = 'Show where the project stands: what is gone, and what can be brought back';
  static override description =
    'Shows first what complete backups have and the project lacks, until it is back or accepted (create --accept-gone); then the repository, the latest backup and how it was ' +
    'proven, what is unfinished, what undo takes back, and the next step. It verifies nothing and writes nothing.';
  static override usage = '<%= command.id %> [FLAGS]';
  static override hiddenAliases = ['backup:status'];
  static override examples = ['<%= config.bin %> status', '<%= config.bin %> status --json'];

  async run(): Promise<number> {
    const { flags } = await this.parse(Status);
    const session = await this.open(flags);
    const { status } = await import('../core/operations/status.ts');
    const report = await status(await session.project({ wayBack: true }), {}, session.context);
    return session.finish(report, renderStatus, EXIT.done);
  }
}
