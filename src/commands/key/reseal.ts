import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { confirmReaders } from '../../cli/confirm-place.ts';
import { EXIT } from '../../cli/exit-code.ts';
import { insecureFlag } from '../../cli/remote-flags.ts';
import { renderKeyReseal } from '../../cli/render/key.ts';
import { latestFlag, selectionArgs, selectorOf } from '../../cli/selection.ts';
import { BackupError } from '../../core/model/backup-error.ts';

export default class KeyReseal extends BaseCommand {
  static override summary = 'Let the keys that the config names now open a copy that is there';
  static override description =
    'Opens the key of a copy with one that you have, and seals it for the recipients in "encryptTo" of the config, beside the copy. Nothing that is there is changed, and no data is sent again. ' +
    'Keys that opened the copy before still do.';
  static override usage = '<%= command.id %> [BACKUP] [FLAGS]';
  static override hiddenAliases = ['backup:key:reseal'];
  static override examples = [
    '<%= config.bin %> key reseal --all --remote offsite --identity ~/old-key.txt',
    '<%= config.bin %> key reseal --latest --identity ~/.ssh/id_ed25519',
  ];
  static override args = selectionArgs;
  static override flags = {
    latest: latestFlag,
    all: Flags.boolean({
      summary: 'Every encrypted copy of this project that is there',
      exclusive: ['latest', 'copy'],
    }),
    remote: Flags.string({
      summary: 'In this remote: a name in the config (default: the only one of the config)',
      helpValue: 'NAME',
    }),
    copy: Flags.string({ summary: 'Of several copies of the backup, the one with this tag', helpValue: 'TAG' }),
    insecure: insecureFlag,
  };

  async run(): Promise<number> {
    const { args, flags } = await this.parse(KeyReseal);
    if (flags.all && args.backup !== undefined) {
      throw new BackupError('USAGE', `both ${args.backup} and --all say what to reseal`, { hint: 'Give one of them.' });
    }
    const session = await this.open(flags);
    const { resealKeys } = await import('../../core/operations/key/reseal.ts');
    const options = {
      selector: selectorOf(args, flags),
      all: flags.all,
      remote: flags.remote,
      copy: flags.copy,
      insecure: flags.insecure,
      confirm: confirmReaders(session, 'key reseal', this.argv),
    };
    const report = await resealKeys(await session.project(), options, session.context);
    return session.finish(report, renderKeyReseal, report.status === 'complete' ? EXIT.done : EXIT.partial);
  }
}
