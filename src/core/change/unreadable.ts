import path from 'node:path';
import { barredAt, howToOpen, ownerOf } from '../paths/barred.ts';
import { toNative } from '../paths/paths.ts';
import { shellLine } from '../model/shell-quote.ts';
import { BackupError, type BackupErrorOptions } from '../model/backup-error.ts';

/**
 * What to do about paths of the project that could not be read, for an error: the line to run where they are this user's own, else why that
 * is no way. Their modes are not changed by us: the safety backup has to hold them as they are.
 */
export function howToRead(root: string, paths: readonly string[]): Pick<BackupErrorOptions, 'hint' | 'details'> {
  const { hint, details } = howToOpen([...new Set(paths.map((each) => barredAt(toNative(root, each))))]);
  const problems = paths.map((each) => ({ code: 'SOURCE_UNREADABLE', path: each }));
  return { hint: `Nothing was changed. ${hint}`, details: { problems, ...details } };
}

/** The shell line that lets this user look at a file of a backup again; null if it may, or if what bars the way is not this user's own. */
export function readableAgain(file: string): string | null {
  const barred = barredAt(file);
  if (barred === file || ownerOf(barred) !== process.getuid?.()) return null;
  // All of a repository is ours; above it only the one folder has to let us pass.
  const below = path.dirname(file) === barred || path.dirname(path.dirname(file)) === barred;
  return shellLine(['chmod', ...(below ? ['-R'] : []), 'u+rwX', '--', barred]);
}

/** The error of a backup that could not read something, with what to do about it; any other as it is. */
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
