import { Args } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { confirmTry } from '../../cli/confirm-place.ts';
import { EXIT } from '../../cli/exit-code.ts';
import { insecureFlag } from '../../cli/remote-flags.ts';
import { renderRemoteCheck } from '../../cli/render/remote-check.ts';

export default class RemoteInit extends BaseCommand {
  static override summary = 'Set up a remote, and try what it keeps';
  static override description =
    'In a folder it writes migbackup-remote.json, without which a folder is no remote: a disk that is not mounted is not an empty remote. ' +
    'In a bucket there is nothing to make. Then it tries what the remote keeps, as remote check does.';
  static override usage = '<%= command.id %> [NAME] [FLAGS]';
  static override hiddenAliases = ['backup:remote:init'];
  static override examples = ['<%= config.bin %> remote init', '<%= config.bin %> remote init offsite --json'];
  static override args = {
    remote: Args.string({
      name: 'name',
      description: 'The name of a remote in the config, or a URL (default: the only one)',
    }),
  };
  static override flags = { insecure: insecureFlag };

  async run(): Promise<number> {
    const { args, flags } = await this.parse(RemoteInit);
    const session = await this.open(flags);
    const { checkRemote } = await import('../../core/operations/remote/check.ts');
    const options = {
      remote: args.remote,
      insecure: flags.insecure,
      init: true,
      confirm: confirmTry(session, 'remote init', this.argv),
    };
    const report = await checkRemote(await session.project({ wayBack: true }), options, session.context);
    const isWrong = report.findings.some(({ severity }) => severity === 'error');
    return session.finish(report, renderRemoteCheck, isWrong ? EXIT.findings : EXIT.done);
  }
}
