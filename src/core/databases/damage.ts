import path from 'node:path';
import { escapeName } from '../paths/names.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Engine } from './engine.ts';

/** The bytes of a database are not what LevelDB wrote. `offset` is in bytes from the start of `file`, where one is known. */
export function damaged(file: string, why: string, offset?: number, cause?: unknown): BackupError {
  const where = offset === undefined ? '' : ` at byte ${offset}`;
  return new BackupError('DATABASE_DAMAGED', `${escapeName(file)}${where}: ${why}`, {
    hint: 'The database itself is damaged here. Restore it from an older backup, or repair a copy of it with the application that owns it.',
    path: file,
    details: { file, ...(offset === undefined ? {} : { offset }) },
    cause,
  });
}

/**
 * The path of the file that an error about a database names, in the form of `database`. The readers of a database know its files only by the names of
 * their parts.
 * @param database its path
 */
export function pathOfError(engine: Engine, database: string, { path: file }: BackupError): string {
  if (file === undefined) return database;
  const base = path.basename(database);
  const part = engine.shape === 'folder' ? file : file.startsWith(base) ? file.slice(base.length) : '';
  const at = engine.pathOf(database, part);
  return engine.partOf(database, at) === null ? database : at;
}

/** The files look like a LevelDB database but belong to another engine. */
export function foreign(file: string, why: string): BackupError {
  return new BackupError('DATABASE_FOREIGN', `${escapeName(file)}: ${why}; this is not a LevelDB database`, {
    hint: 'Stop the application that owns it, then back up the folder as a source of type "files".',
    path: file,
  });
}

/** The database changed while it was read. Nothing is wrong with it, and another attempt may succeed. */
export function busy(file: string, why: string): BackupError {
  return new BackupError('DATABASE_BUSY', `${escapeName(file)}: ${why}`, {
    hint: 'Try again, or pause the application that owns it: it writes too fast for a consistent copy.',
    path: file,
  });
}
