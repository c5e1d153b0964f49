import fs from 'node:fs';
import path from 'node:path';
import { lstatOrNull } from '../fs/durable.ts';
import { BackupError, errnoOf, type BackupErrorOptions } from '../model/backup-error.ts';
import { shellLine } from '../model/shell-quote.ts';

/** True where the system says that this user may not look: that says nothing about what is there. */
export function isForbidden(error: unknown): boolean {
  return errnoOf(error) === 'EACCES' || errnoOf(error) === 'EPERM';
}

/** What keeps us from reading a path: itself, or the closest folder above it that may not be entered. */
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

/** What to do about paths that bar the way: the line to run (also as `mend`) where they are this user's own, else why that is no way. */
export function howToOpen(barred: readonly string[]): Pick<BackupErrorOptions, 'hint' | 'details'> {
  const user = process.getuid?.();
  if (user === undefined) return { hint: 'Run as a user who may read it, or change its permissions.' };
  const foreign = barred.find((each) => ownerOf(each) !== user);
  if (foreign !== undefined) {
    const owner = `${foreign} belongs to user ${ownerOf(foreign) ?? 'unknown'}`;
    return { hint: `${owner}: run as that user or as root, or have it made readable.` };
  }
  const mend = shellLine(['chmod', 'u+rwX', '--', ...barred]);
  return { hint: `Run: ${mend}, then the same command again.`, details: { mend } };
}

/**
 * The IO error of what this user may not look at: which right is missing where, and what gives it. Any other error as it is.
 * @param what what could not be looked at, as a sentence's start: `.migbackup may not be read`
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

/** Looks at something; where this user may not, that is said as `sayForbidden` says it. */
export function looking<T>(file: string, what: string, look: () => T): T {
  try {
    return look();
  } catch (error) {
    throw sayForbidden(error, file, what);
  }
}

/** A folder above has to be entered; a folder itself to be listed, a file to be read. */
function missingRight(barred: string, file: string): 'r' | 'x' {
  if (barred !== file) return 'x';
  try {
    fs.accessSync(barred, fs.constants.R_OK);
    return 'x';
  } catch {
    return 'r';
  }
}
