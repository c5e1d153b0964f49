import { pathOfError } from '../databases/damage.ts';
import type { Engine } from '../databases/engine.ts';
import { pathWord, shellLine } from '../model/shell-quote.ts';
import { escapeName } from '../paths/names.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';

/** Where a database is: its project-relative path and the source that holds it. */
export interface DatabasePlace {
  readonly path: string;
  readonly category: string;
  readonly source: string;
  readonly engine: Engine;
}

/**
 * Says what went wrong with a database in terms of the project: which database it is, and how to keep it as it is. Any other error is returned
 * unchanged, and so is one that already names a database.
 */
export function aboutDatabase(error: unknown, place: DatabasePlace): unknown {
  const database = escapeName(place.path);
  const raw = shellLine(['--raw', pathWord(place.path)]);
  if (!(error instanceof BackupError)) return unreadable(error, place);
  const { code, message, details = {} } = error;
  const path = pathOfError(place.engine, place.path, error);
  // The error is about another database, whose failure stopped the work on this one.
  if ('database' in details) return error;
  const facts = { path, cause: error, details: { database: place.path, ...details } };
  if (code === 'DATABASE_DAMAGED') {
    return new BackupError(code, `the ${place.engine.title} database ${database} is damaged: ${message}`, {
      ...facts,
      hint: `A damaged database is not backed up. To keep it as it is before a repair, add ${raw}.`,
    });
  }
  if (code === 'DATABASE_FOREIGN') {
    return new BackupError(
      code,
      `${database} looks like a ${place.engine.title} database, but is of another kind: ${message}`,
      {
        ...facts,
        hint: `Stop what uses it, then store it as plain files with ${raw}.`,
      },
    );
  }
  if (code === 'PROOF_FAILED')
    return new BackupError(code, `${database}: ${message}`, { ...facts, hint: `No backup was made. ${error.hint}` });
  if (code === 'DATABASE_BUSY') {
    return new BackupError(code, `the ${place.engine.title} database ${database} keeps changing: ${message}`, {
      ...facts,
      hint: `Try again, or pause the application that owns it. Once the application is stopped, ${raw} can also store it as plain files.`,
    });
  }
  return error;
}

function unreadable(error: unknown, { path }: DatabasePlace): unknown {
  const code = errnoOf(error);
  if (code !== 'EACCES' && code !== 'EPERM') return error;
  return new BackupError(
    'SOURCE_UNREADABLE',
    `${escapeName(path)}: a file of the database may not be read by this user`,
    {
      hint: 'Run as a user who may read it, or change its permissions.',
      path,
      cause: error,
    },
  );
}
