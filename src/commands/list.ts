import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { EXIT } from '../cli/exit-code.ts';
import { renderList } from '../cli/render/list.ts';

export default class List extends BaseCommand {
  static override summary = 'Show the backups of this project, newest first';
  static override description =
    'Damaged backups are listed with what is wrong with them, never hidden. Where other projects keep backups in the same ' +
    'folder, --all-projects shows theirs too.';
  static override usage = '<%= command.id %> [FLAGS]';
  static override hiddenAliases = ['backup:list'];
  static override examples = ['<%= config.bin %> list', '<%= config.bin %> list --json'];
  static override flags = {
    'all-projects': Flags.boolean({ summary: 'Also the backups of other projects that are in the same folder' }),
  };

  async run(): Promise<number> {
    const { flags } = await this.parse(List);
    const session = await this.open(flags);
    const { list } = await import('../core/operations/list.ts');
    const report = await list(
      await session.project({ wayBack: true }),
      { allProjects: flags['all-projects'] },
      session.context,
    );
    return session.finish(report, renderList, EXIT.done);
  }
}
