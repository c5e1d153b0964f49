import { BackupError } from '../core/model/backup-error.ts';

/** Splits the words of `guard` at the first `--`: our own flags before it, the command after it. Throws USAGE if there is none. */
export function commandAfterDashes(argv: readonly string[]): { own: string[]; command: string[] } {
  const at = argv.indexOf('--');
  const own = at === -1 ? [...argv] : argv.slice(0, at);
  const command = at === -1 ? [] : argv.slice(at + 1);
  // Help asks for no command.
  if (command.length > 0 || own.some((word) => word === '--help' || word === '-h')) return { own, command };
  throw new BackupError('USAGE', 'guard needs a command to run, after --', {
    hint: 'For example: migbackup guard -- npm run migrate',
  });
}
