import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { EXIT } from '../../cli/exit-code.ts';
import { insecureFlag } from '../../cli/remote-flags.ts';
import { renderKeyDrill } from '../../cli/render/key.ts';
import { latestFlag, selectionArgs, selectorOf } from '../../cli/selection.ts';

export default class KeyDrill extends BaseCommand {
  static override summary = 'Prove that a key opens an encrypted copy';
  static override description =
    'Opens a copy in a remote with the key that you have, restores its smallest file into a private folder, compares it with the index, and removes it. ' +
    'When a key was seen to open a copy is on record: until then validate, report and status say that nobody ever opened it.';
  static override usage = '<%= command.id %> [BACKUP] [FLAGS]';
  static override hiddenAliases = ['backup:key:drill'];
  static override examples = [
    '<%= config.bin %> key drill --identity ~/.config/migbackup/keys/mine.txt',
    '<%= config.bin %> key drill --latest --remote offsite --identity ~/.ssh/id_ed25519',
  ];
  static override args = selectionArgs;
  static override flags = {
    latest: latestFlag,
    remote: Flags.string({
      summary: 'In this remote: a name in the config, or a URL (default: the only one of the config)',
      helpValue: 'NAME',
    }),
    copy: Flags.string({ summary: 'Of several copies of the backup, the one with this tag', helpValue: 'TAG' }),
    insecure: insecureFlag,
  };

  async run(): Promise<number> {
    const { args, flags } = await this.parse(KeyDrill);
    const session = await this.open(flags);
    const { drillKey } = await import('../../core/operations/key/drill.ts');
    const options = {
      selector: selectorOf(args, flags),
      remote: flags.remote,
      copy: flags.copy,
      insecure: flags.insecure,
    };
    const report = await drillKey(await session.project({ wayBack: true }), options, session.context);
    return session.finish(report, renderKeyDrill, EXIT.done);
  }
}
