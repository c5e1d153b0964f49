import path from 'node:path';
import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { markAtOnce } from '../cli/cap-memory.ts';
import { confirmPlace } from '../cli/confirm-place.ts';
import { EXIT } from '../cli/exit-code.ts';
import { insecureFlag } from '../cli/remote-flags.ts';
import { renderPush } from '../cli/render/push.ts';
import { latestFlag, selectionArgs } from '../cli/selection.ts';
import { BackupError } from '../core/model/backup-error.ts';

export default class Push extends BaseCommand {
  static override summary = 'Copy backups to remotes, so that they outlive this machine';
  static override description =
    'Verifies each backup in full, then stores its files in a bucket or a folder, each with its SHA-256. A copy exists from the moment its commit is there; ' +
    'until then it is in no list. What is there already is not sent again, so a push that was cut off goes on where it stopped. ' +
    'Without --remote it goes to every remote of the config. The first push to a place is asked about; --yes answers.';
  static override usage = '<%= command.id %> [BACKUP...] [FLAGS]';
  static override hiddenAliases = ['backup:push'];
  /** Several backups may be named. */
  static override strict = false;
  static override examples = [
    '<%= config.bin %> push',
    '<%= config.bin %> push --remote offsite --missing',
    '<%= config.bin %> push --latest --remote s3://bucket/prefix --json',
  ];
  static override args = selectionArgs;
  static override flags = {
    latest: latestFlag,
    remote: Flags.string({
      summary: 'To this remote: a name in the config, or a URL (repeatable; default: all of the config)',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'NAME',
    }),
    missing: Flags.boolean({
      summary: 'Every migration backup of this project that is not there',
      exclusive: ['latest'],
    }),
    'min-copies': Flags.integer({
      summary: 'Exit with 3 if a backup has fewer copies (default: one in each remote)',
      min: 1,
      max: 100,
      helpValue: 'N',
    }),
    'extend-lock': Flags.boolean({
      summary: 'Lock copies that are there as long as a new one would be locked',
    }),
    sign: Flags.string({
      summary: 'Sign the commits of new copies with this SSH key (default: "sign" of the remote, or of the config)',
      helpValue: 'KEY',
    }),
    insecure: insecureFlag,
  };

  async run(): Promise<number> {
    const { argv, flags } = await this.parse(Push);
    const selectors = argv.map(String);
    const twice = selectors.length > 0 && (flags.missing || flags.latest);
    if (twice) {
      throw new BackupError(
        'USAGE',
        `both ${selectors[0]} and --${flags.missing ? 'missing' : 'latest'} say what to push`,
        {
          hint: 'Give one of them.',
        },
      );
    }
    const session = await this.open(flags);
    markAtOnce();
    const { push } = await import('../core/operations/push.ts');
    const options = {
      selectors,
      missing: flags.missing,
      remotes: flags.remote ?? [],
      insecure: flags.insecure,
      minCopies: flags['min-copies'],
      extendsLock: flags['extend-lock'],
      sign: flags.sign === undefined ? undefined : path.resolve(flags.sign),
      confirm: confirmPlace(session, 'push', this.argv),
      cwd: process.cwd(),
    };
    const report = await push(await session.project(), options, session.context);
    return session.finish(report, renderPush, report.status === 'complete' ? EXIT.done : EXIT.partial);
  }
}
