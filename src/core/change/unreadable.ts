import path from 'node:path';
import { lstatOrNull } from '../fs/durable.ts';
import { toNative } from '../paths/paths.ts';
import { shellLine } from '../model/shell-quote.ts';
import { BackupError, errnoOf, type BackupErrorOptions } from '../model/backup-error.ts';

/**
 * What to do about paths of the project that could not be read, for an error: the line to run where they are this user's own, else why that
 * is no way. Their modes are not changed by us: the safety backup has to hold them as they are.
 */
export function howToRead(root: string, paths: readonly string[]): Pick<BackupErrorOptions, 'hint' | 'details'> {
  const barred = [...new Set(paths.map((each) => barredAt(toNative(root, each))))];
  const details = { problems: paths.map((each) => ({ code: 'SOURCE_UNREADABLE', path: each })) };
  const user = process.getuid?.();
  if (user === undefined)
    return { hint: 'Nothing was changed. Run as a user who may read it, or change its permissions.', details };
  const foreign = barred.find((each) => ownerOf(each) !== user);
  if (foreign !== undefined) {
    const owner = `${foreign} belongs to user ${ownerOf(foreign) ?? 'unknown'}`;
    return { hint: `Nothing was changed. ${owner}: run as that user or as root, or have it made readable.`, details };
  }
  const mend = shellLine(['chmod', 'u+rwX', '--', ...barred]);
  return { hint: `Nothing was changed. Run: ${mend}, then the same command again.`, details: { ...details, mend } };
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

/** The shell line that mends what an error is about; null if there is none. */
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

/** What keeps us from reading a path: itself, or the closest folder above it that may not be entered. */
function barredAt(native: string): string {
  try {
    lstatOrNull(native);
    return native;
  } catch (error) {
    if (errnoOf(error) !== 'EACCES' || path.dirname(native) === native) return native;
    return barredAt(path.dirname(native));
  }
}

function ownerOf(native: string): number | null {
  const stat = lstatOrNull(native);
  return stat === null ? null : Number(stat.uid);
}
