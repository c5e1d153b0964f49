import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { markAtOnce } from '../cli/cap-memory.ts';
import { EXIT } from '../cli/exit-code.ts';
import { renderSign } from '../cli/render/sign.ts';
import { latestFlag, selectionArgs, selectorOf } from '../cli/selection.ts';
import { withSelected } from './with-selected.ts';

export default class Sign extends BaseCommand {
  static override summary = 'Sign a backup with an SSH key';
  static override description =
    'Verifies the backup in full, and writes a signature as ssh-keygen -Y does into ID.sig beside it. It covers every byte of the backup. ' +
    'An Ed25519 key without a passphrase signs here; ssh-keygen signs with all others, and with the .pub file of a key the agent does.';
  static override usage = '<%= command.id %> [BACKUP] [--key FILE]';
  static override hiddenAliases = ['backup:sign'];
  static override examples = [
    '<%= config.bin %> sign --latest --key ~/.ssh/id_ed25519',
    '<%= config.bin %> sign --latest --key ~/.ssh/id_ed25519.pub',
  ];
  static override args = selectionArgs;
  static override flags = {
    latest: latestFlag,
    key: Flags.string({
      summary: 'Private key, or the .pub file of a key in the agent (default: "sign" of the config)',
      helpValue: 'FILE',
    }),
  };

  async run(): Promise<number> {
    const { args, flags } = await this.parse(Sign);
    const session = await this.open(flags);
    markAtOnce();
    const selector = selectorOf(args, flags);
    return withSelected(session, { selector, only: undefined }, async ({ project, selected }) => {
      const { sign } = await import('../core/operations/sign.ts');
      return session.finish(await sign(project, selected, flags.key, session.context), renderSign, EXIT.done);
    });
  }
}
