import { BackupError } from '../core/model/backup-error.ts';
import { shellLine } from '../core/model/shell-quote.ts';

/** What has to be known here about each flag of `guard`: whether a value follows. */
type Flags = Readonly<Record<string, { readonly type: 'boolean' | 'option'; readonly char?: string | undefined }>>;

/** Splits the words of `guard` at the first `--`: our own flags before it, the command after it. Throws USAGE if there is none. */
export function commandAfterDashes(argv: readonly string[], flags: Flags): { own: string[]; command: string[] } {
  const at = argv.indexOf('--');
  const own = at === -1 ? [...argv] : argv.slice(0, at);
  const command = at === -1 ? [] : argv.slice(at + 1);
  // Help needs no command.
  if (own.some((word) => word === '--help' || word === '-h')) return { own, command };
  const begins = firstBareWord(own, flags);
  if (begins !== -1) {
    const whole = [...own.slice(begins), ...(command.length > 0 ? ['--', ...command] : [])];
    const line = shellLine(['migbackup', 'guard', ...own.slice(0, begins), '--', ...whole]);
    throw new BackupError('USAGE', 'guard needs -- before its command', {
      hint: `Write ${line}; everything after -- is run as it is.`,
    });
  }
  if (command.length > 0) return { own, command };
  throw new BackupError('USAGE', 'guard needs a command to run, after --', {
    hint: 'For example: migbackup guard -- npm run migrate',
  });
}

/** The position of the first word that is neither a flag nor the value of one; -1 if there is no such word. */
function firstBareWord(words: readonly string[], flags: Flags): number {
  const options = Object.entries(flags).filter(([, { type }]) => type === 'option');
  const takeValue = new Set(
    options.flatMap(([name, { char }]) => [`--${name}`, ...(char === undefined ? [] : [`-${char}`])]),
  );
  let at = 0;
  while (at < words.length && words[at]?.startsWith('-') === true) at += takeValue.has(words[at] ?? '') ? 2 : 1;
  return at < words.length ? at : -1;
}
