import { BaseCommand } from '../cli/base-command.ts';
import { EXIT } from '../cli/exit-code.ts';
import { renderRecover } from '../cli/render/recover.ts';

export default class Recover extends BaseCommand {
  static override summary = 'Finish or take back a restore that was killed';
  static override description =
    'Every command that changes something does this first by itself. It is not an error if there is nothing to do.';
  static override usage = '<%= command.id %> [FLAGS]';
  static override hiddenAliases = ['backup:recover'];
  static override examples = ['<%= config.bin %> recover'];

  async run(): Promise<number> {
    const { flags } = await this.parse(Recover);
    const session = await this.open(flags);
    const { recover } = await import('../core/operations/recover.ts');
    const report = await recover(await session.project({ wayBack: true }), {}, session.context);
    return session.finish(report, renderRecover, EXIT.done);
  }
}
