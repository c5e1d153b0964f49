import fs from 'node:fs';
import path from 'node:path';
import { lstatOrNull } from '../fs/durable.ts';
import { BackupError, errnoOf, type BackupErrorOptions } from '../model/backup-error.ts';
import { shellLine } from '../model/shell-quote.ts';

/** Whether an error says that this user may not look. It does not say what is there. */
export function isForbidden(error: unknown): boolean {
  return errnoOf(error) === 'EACCES' || errnoOf(error) === 'EPERM';
}

/** Whether the rights of a file let this user read it. */
export function mayRead(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** What prevents reading a path: the path itself, or the closest folder above it that may not be entered. */
export function barredAt(native: string): string {
  try {
    lstatOrNull(native);
    return native;
  } catch (error) {
    if (errnoOf(error) !== 'EACCES' || path.dirname(native) === native) return native;
    return barredAt(path.dirname(native));
  }
}

export function ownerOf(native: string): number | null {
  const stat = lstatOrNull(native);
  return stat === null ? null : Number(stat.uid);
}

/** What to do about paths that this user may not read: a command to run (also in `mend`) if they belong to this user, otherwise who can do it. */
export function howToOpen(barred: readonly string[]): Pick<BackupErrorOptions, 'hint' | 'details'> {
  const user = process.getuid?.();
  if (user === undefined) return { hint: 'Run migbackup as a user who may read it, or change its permissions.' };
  const foreign = barred.find((each) => ownerOf(each) !== user);
  if (foreign !== undefined) {
    const owner = `${foreign} belongs to user ${ownerOf(foreign) ?? 'unknown'}`;
    return { hint: `Run migbackup as the owner or as root, or ask the owner to make it readable: ${owner}.` };
  }
  const mend = shellLine(['chmod', 'u+rwX', '--', ...barred]);
  return { hint: `Run: ${mend}, then the same command again.`, details: { mend } };
}

/**
 * Turns an error of permissions into an IO error that says which right is missing where, and how to get it. Any other error is returned as it is.
 * @param what what failed, as the beginning of a sentence: `.migbackup may not be read`
 */
export function sayForbidden(error: unknown, file: string, what: string): unknown {
  if (!isForbidden(error) || !(error instanceof Error)) return error;
  const barred = barredAt(file);
  const { hint, details } = howToOpen([barred]);
  return new BackupError('IO', `${what}: ${error.message}`, {
    hint: `The right ${missingRight(barred, file)} is missing on ${barred}. ${hint}`,
    path: file,
    ...(details !== undefined && { details }),
    cause: error,
  });
}

/** Runs `look`. If this user may not look, it throws the error of `sayForbidden`. */
export function looking<T>(file: string, what: string, look: () => T): T {
  try {
    return look();
  } catch (error) {
    throw sayForbidden(error, file, what);
  }
}

/** The right that is needed: x to enter a folder above, r to list the folder itself or to read the file. */
function missingRight(barred: string, file: string): 'r' | 'x' {
  return barred !== file || mayRead(barred) ? 'x' : 'r';
}
