import type { ExitCode } from './exit-code.ts';

/** What each exit code says, as the README and docs/cli-json.md have it. A run does not need it. */
export const EXIT_MEANINGS: Readonly<Record<ExitCode, string>> = {
  0: 'done',
  1: 'a bug in migbackup',
  2: 'wrong usage or configuration, nothing to back up',
  3: '`create --allow-partial` left something out, a new backup could not be signed, or it has fewer copies than asked for',
  4: 'findings: verify FAILED, validate CRITICAL, records not accounted for',
  5: 'the operation failed and changed nothing (or took everything back)',
  6: 'refused: confirmation missing, unsafe target or archive',
  7: 'failed and could not be taken back; the message says what to run',
  10: 'no such backup, database or record',
  11: 'locked: another migbackup, or a process that holds the database',
  20: 'guard: the command failed, and everything was brought back',
  21: 'guard: the command failed, and its result was kept',
  130: 'interrupted; what was begun is taken back',
};
