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
 * The path of the file that an error about a database is about, in the form of `database`: who reads a database knows its files by their parts only.
 * @param database its path
 */
export function pathOfError(engine: Engine, database: string, { path: file }: BackupError): string {
  if (file === undefined) return database;
  const base = path.basename(database);
  const part = engine.shape === 'folder' ? file : file.startsWith(base) ? file.slice(base.length) : '';
  const at = engine.pathOf(database, part);
  return engine.partOf(database, at) === null ? database : at;
}

/** It looks like a LevelDB database and is another engine's. */
export function foreign(file: string, why: string): BackupError {
  return new BackupError('DATABASE_FOREIGN', `${escapeName(file)}: ${why}; this is not a LevelDB database`, {
    hint: 'Stop the application that owns it and back the folder up as a source of type "files".',
    path: file,
  });
}

/** The database did not hold still. Nothing is wrong with it; another attempt may succeed. */
export function busy(file: string, why: string): BackupError {
  return new BackupError('DATABASE_BUSY', `${escapeName(file)}: ${why}`, {
    hint: 'The database is being written too fast for a consistent copy. Try again, or pause the application that owns it.',
    path: file,
  });
}
