import fs from 'node:fs';
import path from 'node:path';
import { lstatOrNull } from '../../fs/durable.ts';
import type { FileIdentity } from '../../fs/open-files.ts';

const SQLITE_BUSY = 5;
const DESCRIPTORS = '/proc/self/fd';

/** SQLite deletes a `-wal` beside an empty database, and looks whether a `-journal` is to be taken back. */
const LOOKED_FOR = ['-wal', '-journal'];

/**
 * Whether touchLock may ask for a file: SQLite has to take it for an empty database, as LevelDB's LOCK is, and change nothing beside it; and no
 * descriptor of this process may be that file. An fcntl lock does not exclude its own process, and closing the file drops the locks that it has there.
 */
export function canTouch(file: string, stat: fs.BigIntStats): boolean {
  const isEmpty = stat.size === 0n && LOOKED_FOR.every((end) => lstatOrNull(file + end) === null);
  return isEmpty && !mayBeOpenHere(stat);
}

function mayBeOpenHere({ dev, ino }: FileIdentity): boolean {
  try {
    return fs.readdirSync(DESCRIPTORS).some((name) => {
      const open = fs.statSync(path.join(DESCRIPTORS, name), { bigint: true, throwIfNoEntry: false });
      return open?.ino === ino && open.dev === dev;
    });
  } catch {
    // Only Linux names them.
    return true;
  }
}

/**
 * Whether somebody has a write lock on a file for which canTouch is true, as LevelDB has on the whole of its LOCK. SQLite reads it as an empty database: it
 * has a read lock for some microseconds, and never makes the file.
 * @returns `free`, `held` or `unknown: why`
 */
export async function touchLock(file: string): Promise<string> {
  const { DatabaseSync } = await import('node:sqlite');
  try {
    // Whoever opens the database must write to the file, and so must the keeper of its lock.
    fs.accessSync(file, fs.constants.R_OK | fs.constants.W_OK);
    const database = new DatabaseSync(file, { readOnly: true });
    try {
      // It reads no schema first, so that the lock is taken once.
      database.exec('PRAGMA user_version');
      return 'free';
    } finally {
      database.close();
    }
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && Number(error.errcode) % 256 === SQLITE_BUSY) return 'held';
    return `unknown: ${error instanceof Error ? error.message : String(error)}`;
  }
}
