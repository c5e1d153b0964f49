import path from 'node:path';
import { barredAt, howToOpen, ownerOf } from '../paths/barred.ts';
import { toNative } from '../paths/paths.ts';
import { shellLine } from '../model/shell-quote.ts';
import { BackupError, type BackupErrorOptions } from '../model/backup-error.ts';

/**
 * Says in an error what to do about paths of the project that could not be read: the line to run if they belong to this user, otherwise why there is
 * none. We do not change their modes ourselves, because the safety backup has to hold them as they are.
 */
export function howToRead(root: string, paths: readonly string[]): Pick<BackupErrorOptions, 'hint' | 'details'> {
  const { hint, details } = howToOpen([...new Set(paths.map((each) => barredAt(toNative(root, each))))]);
  const problems = paths.map((each) => ({ code: 'SOURCE_UNREADABLE', path: each }));
  return { hint: `Nothing was changed. ${hint}`, details: { problems, ...details } };
}

/**
 * The shell line that lets this user read a file of a backup again. Null if the user may read it, or if the folder that prevents it belongs to
 * somebody else.
 */
export function readableAgain(file: string): string | null {
  const barred = barredAt(file);
  if (barred === file || ownerOf(barred) !== process.getuid?.()) return null;
  // Everything in a repository is ours, so it is opened with all that is in it. Of a folder above it, only the folder itself is opened.
  const below = path.dirname(file) === barred || path.dirname(path.dirname(file)) === barred;
  return shellLine(['chmod', ...(below ? ['-R'] : []), 'u+rwX', '--', barred]);
}

/** Adds to the error of a backup that could not read something what to do about it. Returns any other error as it is. */
export function unreadableMended(root: string, error: unknown): unknown {
  if (!(error instanceof BackupError) || error.code !== 'SOURCE_UNREADABLE') return error;
  const paths = pathsIn(error.details?.['problems']);
  if (paths.length === 0) return error;
  const { code, message, path: about, cause } = error;
  return new BackupError(code, message, {
    ...howToRead(root, paths),
    ...(about !== undefined && { path: about }),
    cause,
  });
}

/** The shell line that removes the cause of an error; null if there is none. */
export function mendingLine({ details }: BackupError): string | null {
  const mend = details?.['mend'];
  return typeof mend === 'string' ? mend : null;
}

function pathsIn(problems: unknown): string[] {
  if (!Array.isArray(problems)) return [];
  return problems.flatMap(({ code, path: each }: { code?: unknown; path?: unknown }) =>
    code === 'SOURCE_UNREADABLE' && typeof each === 'string' ? [each] : [],
  );
}
