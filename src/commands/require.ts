import { constants } from 'node:os';
import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { parseDuration } from '../cli/duration.ts';
import { EXIT } from '../cli/exit-code.ts';
import { renderRequire } from '../cli/render/require.ts';
import { BackupError } from '../core/model/backup-error.ts';

export default class Require extends BaseCommand {
  static override summary = 'Run a command only if there is a good backup of the project';
  static override description =
    'The gate before a migration: without a complete backup that meets every demand it refuses (6) and runs nothing. --copies asks the remotes of the config; ' +
    '--unchanged verifies the backup and compares the project with it byte for byte. Without a command it only answers. ' +
    '--because goes on all the same, and is in the operation log. The exit code is that of the command.';
  static override usage = '<%= command.id %> [FLAGS] [-- COMMAND [ARGUMENTS]]';
  static override hiddenAliases = ['backup:require'];
  /** Otherwise oclif takes the words of a command that has no `--` before it as the name of a command of ours. */
  static override strict = false;
  static override examples = [
    '<%= config.bin %> require --max-age 1h --verified --copies 2 -- npm run migrate',
    '<%= config.bin %> require --unchanged --because "only docs changed" -- ./migrate.sh',
    '<%= config.bin %> require --rehearsed --json',
  ];
  static override flags = {
    'max-age': Flags.string({ summary: 'The backup is no older than this: 1h, 7d', helpValue: 'TIME' }),
    verified: Flags.boolean({ summary: 'It is on record as verified in full' }),
    rehearsed: Flags.boolean({ summary: 'It is on record as rehearsed' }),
    copies: Flags.integer({ summary: 'So many remotes of the config have a copy', min: 1, max: 100, helpValue: 'N' }),
    unchanged: Flags.boolean({ summary: 'The project is, byte for byte, what the backup holds' }),
    because: Flags.string({ summary: 'Go on though a demand is not met, and log why', helpValue: 'TEXT' }),
    insecure: Flags.boolean({ summary: 'Allow plain http to another machine' }),
  };

  async run(): Promise<number> {
    const at = this.argv.indexOf('--');
    const own = at === -1 ? this.argv : this.argv.slice(0, at);
    const command = at === -1 ? [] : this.argv.slice(at + 1);
    const { flags, argv } = await this.parse(Require, own);
    if (argv.length > 0 || (at !== -1 && command.length === 0)) {
      throw new BackupError('USAGE', 'require runs the command that stands after --', {
        hint: 'For example: migbackup require --verified -- npm run migrate',
      });
    }
    if (flags.because?.trim() === '') {
      throw new BackupError('USAGE', '--because is empty', { hint: 'Say why a demand does not matter now.' });
    }
    const session = await this.open(flags);
    const { requireBackup } = await import('../core/operations/require.ts');
    const age = flags['max-age'];
    const options = {
      maxAgeMs: age === undefined ? undefined : parseDuration(age, '--max-age'),
      verified: flags.verified,
      rehearsed: flags.rehearsed,
      copies: flags.copies,
      unchanged: flags.unchanged,
      because: flags.because,
      insecure: flags.insecure,
      command,
      stdoutToStderr: flags.json,
    };
    const report = await requireBackup(await session.project(), options, session.context);
    const { met, because, result } = report;
    const ended = result?.exitCode ?? (result === null ? null : SHELL_SIGNAL_BASE + signalNumber(result.signal));
    const code = ended ?? (met || because !== null ? EXIT.done : EXIT.refused);
    return session.finish(report, renderRequire, code, command.length > 0 ? process.stderr : process.stdout);
  }
}

/** A shell adds this to a signal's number for the exit code of a command that the signal ended. */
const SHELL_SIGNAL_BASE = 128;

function signalNumber(signal: string | null): number {
  return Object.entries(constants.signals).find(([name]) => name === signal)?.[1] ?? 0;
}
