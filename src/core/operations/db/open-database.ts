import fs from 'node:fs';
import path from 'node:path';
import { pathOfError } from '../../databases/damage.ts';
import type { DatabaseFiles } from '../../databases/database-files.ts';
import type { Engine } from '../../databases/engine.ts';
import { fileDatabaseOf, recogniseFile, recogniseFolder } from '../../databases/engines.ts';
import { readCaptured } from '../../databases/read-on-disk.ts';
import { splitDatabaseName, withArchivedDatabase } from '../../extract/archived-database.ts';
import { select } from '../../import-v1/open-backup.ts';
import { BackupError } from '../../model/backup-error.ts';
import type { ManifestDatabase } from '../../model/database.ts';
import { shellQuote } from '../../model/shell-quote.ts';
import { escapeName } from '../../paths/names.ts';

import { noDatabaseAt, noSuchDatabase, type Where } from './known-databases.ts';

/** A database that is open for reading, on disk or in a backup. */
export interface OpenDatabase {
  readonly engine: Engine;
  /** Absolute on disk, project-relative in a backup. */
  readonly path: string;
  /** Null on disk. */
  readonly backupId: string | null;
  /** What the backup's manifest states; null on disk, and for a database that was taken as plain files. */
  readonly stated: ManifestDatabase | null;
  readonly files: DatabaseFiles;
  /** A folder that does not exist yet and may be made; it is removed when the database is closed. */
  readonly scratch: string;
}

/**
 * Reads the database that `name` names: a path on disk, which is captured and never opened, or `BACKUP:` and a category/source or the path of a database.
 * @param read may be called again, if the database changes before it is read
 * @throws NO_SUCH_DATABASE, NO_SUCH_BACKUP, USAGE, BACKUP_DAMAGED, and what capture, proof and `read` throw
 */
export async function readDatabase<T>(
  name: string,
  where: Where,
  read: (database: OpenDatabase) => Promise<T>,
): Promise<T> {
  const place = path.resolve(where.cwd, name);
  if (name !== '' && fs.existsSync(place)) {
    // Engines follow no link, and the journals of a database lie beside the file itself.
    const isLink = fs.lstatSync(place).isSymbolicLink();
    return readLive(isLink ? fs.realpathSync(place) : place, where, read);
  }
  const named = splitDatabaseName(name, where.cwd);
  if (named === null) throw noSuchDatabase(name, where);
  const selected = await select(where.project, named.backup, where.cwd, where.context);
  try {
    return await withArchivedDatabase(selected.folder, named.database, where.context, async (archived) => {
      try {
        return await read({ ...archived, backupId: selected.id });
      } catch (error) {
        throw withPath(error, archived.engine, archived.path);
      }
    });
  } finally {
    selected.dispose();
  }
}

async function readLive<T>(place: string, where: Where, read: (database: OpenDatabase) => Promise<T>): Promise<T> {
  const stat = fs.statSync(place);
  const engine = stat.isDirectory() ? recogniseFolder(place) : stat.isFile() ? recogniseFile(place, stat.size) : null;
  if (engine === null) throw noDatabaseAt(place, fileDatabaseOf(place)?.database ?? null, where);
  try {
    return await readCaptured(
      engine,
      place,
      (files, scratch) => read({ engine, path: place, backupId: null, stated: null, files, scratch }),
      where.context.signal,
    );
  } catch (error) {
    throw withRaw(withPath(error, engine, place), where.project.root, place);
  }
}

const REFUSALS: readonly string[] = ['DATABASE_DAMAGED', 'DATABASE_FOREIGN', 'DATABASE_BUSY'];

/** Gives a refusal the path of the file that it is about. */
function withPath(error: unknown, engine: Engine, database: string): unknown {
  if (!(error instanceof BackupError) || !REFUSALS.includes(error.code)) return error;
  const { code, message, hint, details } = error;
  const at = pathOfError(engine, database, error);
  return new BackupError(code, message, { hint, path: at, cause: error, ...(details !== undefined && { details }) });
}

/** Adds to a refusal how to store a database of the project anyway. */
function withRaw(error: unknown, root: string, place: string): unknown {
  const inside = path.relative(root, place);
  if (!(error instanceof BackupError) || !REFUSALS.includes(error.code)) return error;
  if (inside === '' || inside.startsWith('..') || path.isAbsolute(inside)) return error;
  const raw = `--raw ${shellQuote(inside.split(path.sep).join('/'))}`;
  return new BackupError(error.code, error.message, {
    hint: `${error.hint} With ${raw}, create stores it as plain files, unproven.`,
    ...(error.path === undefined ? {} : { path: error.path }),
    ...(error.details === undefined ? {} : { details: error.details }),
    cause: error,
  });
}

/** How a person names it: with its backup, if it is in one. */
export function nameOf({ path: database, backupId }: Pick<OpenDatabase, 'path' | 'backupId'>): string {
  return `${backupId === null ? '' : `${backupId}:`}${escapeName(database)}`;
}
