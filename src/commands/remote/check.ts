import { Args } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { confirmTry } from '../../cli/confirm-place.ts';
import { EXIT } from '../../cli/exit-code.ts';
import { insecureFlag } from '../../cli/remote-flags.ts';
import { renderRemoteCheck } from '../../cli/render/remote-check.ts';

export default class RemoteCheck extends BaseCommand {
  static override summary = 'Try what a remote keeps, with these very credentials';
  static override description =
    'Writes small objects below v1/checks/, overwrites, races, locks and deletes them, and says what held: versions, locks, checksums, writes that exclude ' +
    'each other, and whether these credentials could remove copies. A lock of the config that the remote does not keep is exit 4. ' +
    'It goes by what the remote does, and not by its name.';
  static override usage = '<%= command.id %> [NAME] [FLAGS]';
  static override hiddenAliases = ['backup:remote:check'];
  static override examples = ['<%= config.bin %> remote check', '<%= config.bin %> remote check offsite --json'];
  static override args = {
    remote: Args.string({
      name: 'name',
      description: 'The name of a remote in the config, or a URL (default: the only one)',
    }),
  };
  static override flags = { insecure: insecureFlag };

  async run(): Promise<number> {
    const { args, flags } = await this.parse(RemoteCheck);
    const session = await this.open(flags);
    const { checkRemote } = await import('../../core/operations/remote/check.ts');
    const options = {
      remote: args.remote,
      insecure: flags.insecure,
      init: false,
      confirm: confirmTry(session, 'remote check', this.argv),
    };
    const report = await checkRemote(await session.project({ wayBack: true }), options, session.context);
    const isWrong = report.findings.some(({ severity }) => severity === 'error');
    return session.finish(report, renderRemoteCheck, isWrong ? EXIT.findings : EXIT.done);
  }
}
