import { BaseCommand } from '../cli/base-command.ts';
import { EXIT } from '../cli/exit-code.ts';
import { renderList } from '../cli/render/list.ts';

export default class List extends BaseCommand {
  static override summary = 'Show the backups there are, newest first';
  static override description = 'Damaged backups are listed with what is wrong with them, never hidden.';
  static override usage = '<%= command.id %> [FLAGS]';
  static override hiddenAliases = ['backup:list'];
  static override examples = ['<%= config.bin %> list', '<%= config.bin %> list --json'];

  async run(): Promise<number> {
    const { flags } = await this.parse(List);
    const session = await this.open(flags);
    const { list } = await import('../core/operations/list.ts');
    const report = await list(await session.project(), {}, session.context);
    return session.finish(report, renderList, EXIT.done);
  }
}
