import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { EXIT } from '../cli/exit-code.ts';
import { renderExport } from '../cli/render/export.ts';
import { latestFlag, onlyFlag, selectionArgs, selectorOf } from '../cli/selection.ts';
import { withSelected } from './with-selected.ts';
import { BackupError } from '../core/model/backup-error.ts';

/** With one of these endings, the zip would claim to be something else. */
const OTHER_KINDS = /\.(7z|rar|(t|tar\.)?(bz2|gz|xz|zst))$/i;

export default class Export extends BaseCommand {
  static override summary = 'Put a backup, or a part of it, into one portable file';
  static override description =
    'The file is read back and checked before it gets its name. verify, show and restore take it in place of an ID. With --only it is ' +
    'a backup of its own: partial, with an id of its own, and proven before it is packed.';
  static override usage = '<%= command.id %> [BACKUP] [FLAGS]';
  static override hiddenAliases = ['backup:export'];
  static override examples = [
    '<%= config.bin %> export --output backup.zip',
    '<%= config.bin %> export --only leveldb --output leveldb.zip',
    '<%= config.bin %> export --format tar --output - | ssh host "cat > backup.tar"',
    '<%= config.bin %> export --encrypt-to age1… --encrypt-to "$(cat key.pub)"',
  ];
  static override args = selectionArgs;
  static override flags = {
    latest: latestFlag,
    only: onlyFlag,
    format: Flags.option({
      options: ['zip', 'tar'] as const,
      summary: 'Kind of file (default: as --output ends, else zip)',
    })(),
    output: Flags.string({
      char: 'o',
      summary: 'Where to put it, - for stdout (default: <ID>.<format> beside the backup)',
      helpValue: 'FILE',
    }),
    'encrypt-to': Flags.string({
      summary: 'Encrypt it for this age1… or SSH public key, or for passphrase (repeatable)',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'RECIPIENT',
    }),
    'single-recipient': Flags.boolean({
      summary: 'Allow one recipient, whose lost key loses it',
      dependsOn: ['encrypt-to'],
    }),
  };

  async run(): Promise<number> {
    const { args, flags } = await this.parse(Export);
    const session = await this.open(flags);
    const selector = selectorOf(args, flags);
    const toStdout = flags.output === '-';
    if (toStdout && flags.json) {
      throw new BackupError('USAGE', '--output - and --json both write to stdout', { hint: 'Give --output FILE.' });
    }
    const [other] = (flags.format === undefined && OTHER_KINDS.exec(flags.output ?? '')) || [];
    if (other !== undefined) {
      throw new BackupError('USAGE', `export makes a zip or a tar, not a ${other}`, {
        hint: 'Give --output FILE.zip or FILE.tar, or add --format. The archives inside are compressed already.',
      });
    }
    const format = flags.format ?? (flags.output?.endsWith('.tar') ? 'tar' : 'zip');
    const { exportBackup } = await import('../core/operations/export.ts');
    return withSelected(session, { selector, only: flags.only }, async ({ selected, only }) => {
      const report = await exportBackup(
        selected,
        {
          format,
          output: flags.output,
          only,
          encryptTo: flags['encrypt-to'] ?? [],
          singleRecipient: flags['single-recipient'],
        },
        session.context,
      );
      return session.finish(report, renderExport, EXIT.done, toStdout ? process.stderr : process.stdout);
    });
  }
}
