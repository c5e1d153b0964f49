import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { EXIT } from '../cli/exit-code.ts';
import { renderList } from '../cli/render/list.ts';

export default class List extends BaseCommand {
  static override summary = 'Show the backups of this project, newest first';
  static override description =
    'Damaged backups are listed with what is wrong with them, never hidden. Where other projects keep backups in the same ' +
    'folder, --all-projects shows theirs too. With --remote it lists the copies there, and what is wrong with them is exit 4.';
  static override usage = '<%= command.id %> [FLAGS]';
  static override hiddenAliases = ['backup:list'];
  static override examples = [
    '<%= config.bin %> list',
    '<%= config.bin %> list --json',
    '<%= config.bin %> list --remote offsite',
  ];
  static override flags = {
    remote: Flags.string({ summary: 'The copies in this remote: a name in the config, or a URL', helpValue: 'NAME' }),
    insecure: Flags.boolean({ summary: 'Allow plain http to another machine', dependsOn: ['remote'] }),
    'all-projects': Flags.boolean({ summary: 'Also the backups of other projects that are in the same folder' }),
  };

  async run(): Promise<number> {
    const { flags } = await this.parse(List);
    const session = await this.open(flags);
    if (flags.remote !== undefined) {
      const { listRemote } = await import('../core/operations/list/remote.ts');
      const options = { remote: flags.remote, insecure: flags.insecure, allProjects: flags['all-projects'] };
      const copies = await listRemote(await session.project({ wayBack: true }), options, session.context);
      const isWrong = copies.findings.some(({ severity }) => severity === 'error');
      return session.finish(copies, renderList, isWrong ? EXIT.findings : EXIT.done);
    }
    const { list } = await import('../core/operations/list.ts');
    const report = await list(
      await session.project({ wayBack: true }),
      { allProjects: flags['all-projects'] },
      session.context,
    );
    return session.finish(report, renderList, EXIT.done);
  }
}
