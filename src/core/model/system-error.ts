import { BackupError, errnoOf, type ErrorCode } from './backup-error.ts';

interface Meaning {
  readonly code: ErrorCode;
  readonly hint: string;
}

const FULL: Meaning = { code: 'NO_SPACE', hint: 'Free some space (or inodes, or quota), then run the command again.' };
const FORBIDDEN: Meaning = {
  code: 'IO',
  hint: 'Run as a user who may do that, or change the permissions, then run the command again.',
};
/** Linux also answers EPERM for what is immutable or append-only, to root too; macOS and Windows have other tools for that. */
const NOT_PERMITTED: Meaning =
  process.platform === 'linux'
    ? {
        code: 'IO',
        hint: 'If lsattr shows the flag i or a there, run as root: chattr -i -a PATH. Otherwise run as a user who may do that. Then run the command again.',
      }
    : FORBIDDEN;
const MEANINGS: Readonly<Record<string, Meaning>> = {
  ENOSPC: FULL,
  EDQUOT: FULL,
  EACCES: FORBIDDEN,
  EPERM: NOT_PERMITTED,
  EROFS: { code: 'IO', hint: 'The file system is read-only: choose another place (--backups DIR, --to DIR).' },
  EMFILE: { code: 'IO', hint: 'Too many files are open: raise the limit (ulimit -n), then run the command again.' },
};
const OTHER: Meaning = { code: 'IO', hint: 'Look at the disk and the path, then run the command again.' };

/**
 * An error of the operating system as a BackupError: NO_SPACE or IO, with what to do about it. Anything else, a BackupError or a
 * bug, comes back unchanged.
 * @param doing what could not be done, as the start of a sentence: `the backup could not be written`
 * @param after what that means for the user, put before the hint: `No backup was made.`
 */
export function fromSystemError(error: unknown, doing: string, path?: string, after?: string): unknown {
  if (error instanceof BackupError || !(error instanceof Error)) return error;
  const errno = errnoOf(error);
  // Node's own errors (ERR_INVALID_ARG_TYPE, …) are bugs and do not come from the operating system.
  if (errno === undefined || !/^E[A-Z0-9]+$/.test(errno)) return error;
  const { code, hint } = MEANINGS[errno] ?? OTHER;
  const about = path ?? ('path' in error && typeof error.path === 'string' ? error.path : undefined);
  return new BackupError(code, `${doing}: ${error.message}`, {
    hint: after === undefined ? hint : `${after} ${hint}`,
    ...(about === undefined ? {} : { path: about }),
    cause: error,
  });
}

/**
 * The error for a file that is to be made in a folder that does not exist.
 * @param what the file is: `the log`
 * @param flag the flag that gives it: `--log-file`
 */
export function noFolder(folder: string, what: string, flag: string): BackupError {
  return new BackupError('IO', `there is no folder ${folder} for ${what}`, {
    hint: `Make that folder, or give another ${flag}.`,
    path: folder,
  });
}
