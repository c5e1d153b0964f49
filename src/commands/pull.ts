import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { markAtOnce } from '../cli/cap-memory.ts';
import { EXIT } from '../cli/exit-code.ts';
import { insecureFlag } from '../cli/remote-flags.ts';
import { renderPull } from '../cli/render/pull.ts';
import { latestFlag, selectionArgs, selectorOf } from '../cli/selection.ts';

export default class Pull extends BaseCommand {
  static override summary = 'Bring a copy of a backup from a remote into the repository';
  static override description =
    'The backup has no name in the repository until all of it is here, hashed and durable. A pull that was cut off goes on where it stopped. ' +
    'list, show, verify, restore, diff and report also read a remote themselves, with --remote.';
  static override usage = '<%= command.id %> [BACKUP] [FLAGS]';
  static override hiddenAliases = ['backup:pull'];
  static override examples = ['<%= config.bin %> pull', '<%= config.bin %> pull --latest --remote offsite --json'];
  static override args = selectionArgs;
  static override flags = {
    latest: latestFlag,
    remote: Flags.string({
      summary: 'From this remote: a name in the config, or a URL (default: the only one of the config)',
      helpValue: 'NAME',
    }),
    copy: Flags.string({ summary: 'Of several copies of the backup, the one with this tag', helpValue: 'TAG' }),
    insecure: insecureFlag,
  };

  async run(): Promise<number> {
    const { args, flags } = await this.parse(Pull);
    const session = await this.open(flags);
    markAtOnce();
    const { pull } = await import('../core/operations/pull.ts');
    const options = {
      selector: selectorOf(args, flags),
      remote: flags.remote,
      copy: flags.copy,
      insecure: flags.insecure,
    };
    const report = await pull(await session.project({ wayBack: true }), options, session.context);
    return session.finish(report, renderPull, EXIT.done);
  }
}
