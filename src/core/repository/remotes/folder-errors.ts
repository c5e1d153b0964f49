import { isNoFile } from '../../fs/regular-file.ts';
import { BackupError, errnoOf } from '../../model/backup-error.ts';
import { escapeName } from '../../paths/names.ts';

export function notAFile(file: string): BackupError {
  return new BackupError('UNSAFE_TARGET', `${escapeName(file)} is not a regular file`, {
    hint: 'Find out what it is and move it away, then run the command again.',
    path: file,
  });
}

export function gone(file: string, what: string): BackupError {
  return new BackupError('BACKUP_DAMAGED', `${escapeName(file)} ${what}`, {
    hint: 'Use another copy, and push this backup again from where it is whole.',
    path: file,
  });
}

const DENIED = new Set(['EACCES', 'EPERM', 'EROFS']);
const FULL = new Set(['ENOSPC', 'EDQUOT']);

/** The error of the system, as one of a remote. */
export function failed(error: unknown, file: string, what: string): unknown {
  const code = errnoOf(error);
  if (error instanceof BackupError || code === undefined) return error;
  const about = { path: file, cause: error };
  const shown = escapeName(file);
  if (isNoFile(error) && what === 'cannot be read') return gone(file, 'is missing or is not a regular file');
  if (FULL.has(code))
    return new BackupError('NO_SPACE', `no space is left on the remote: ${shown}`, {
      hint: 'Free some space there and run the command again; it goes on where it stopped.',
      ...about,
    });
  if (DENIED.has(code))
    return new BackupError('REMOTE_DENIED', `${shown} ${what} (${code})`, {
      hint: 'Give this user the right to it, or mount it for writing, and run the command again.',
      ...about,
    });
  return new BackupError('REMOTE_FAILED', `${shown} ${what} (${code})`, {
    hint: 'Check that disk and its connection, and run the command again; it goes on where it stopped.',
    ...about,
  });
}
