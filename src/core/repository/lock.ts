import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { BackupError } from '../model/backup-error.ts';
import { lstatOrNull } from '../fs/durable.ts';
import { makeForFolderOwner } from '../fs/folder-owner.ts';
import { readRegular } from '../fs/regular-file.ts';
import { LOCK_FILE } from '../format/layout.ts';

const MAX_NOTE_BYTES = 4096;

export interface Lock {
  release(): void;
}

/** SQLite drops its lock when the database object is garbage-collected. This set keeps the object alive even if the caller loses sight of its `Lock`. */
const held = new Set<DatabaseSync>();

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly command: string;
  readonly since: string;
}

/**
 * Takes the folder's lock or throws LOCKED at once. It is a kernel lock (SQLite's BEGIN EXCLUSIVE on `lock.db`), so it ends with the process that
 * holds it, even by SIGKILL. A note beside it says who holds the lock; only messages use that note.
 */
export function acquireLock(dir: string, command: string): Lock {
  const file = path.join(dir, LOCK_FILE);
  const note = `${file}.holder`;
  refuseOdd(file);
  const database = openDatabase(file);
  try {
    // With its journal in memory the lock can be taken on a full disk too, so that commands which free space still run.
    database.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    if (!isBusy(cause)) throw unusable(file, cause);
    throw locked(dir, note, cause);
  }
  held.add(database);
  const holder: Holder = { pid: process.pid, host: os.hostname(), command, since: new Date().toISOString() };
  writeNote(note, holder);
  return {
    release() {
      try {
        fs.rmSync(note, { force: true });
      } catch {
        // The note is only a courtesy: the lock must be released even if the note cannot be removed.
      }
      held.delete(database);
      database.close();
    },
  };
}

/**
 * Who holds the folder's lock, in words; null if nobody does. To ask means to read the database, which keeps others out for a moment. So this asks
 * only if a note says that somebody may hold the lock, or if that is `suspected`. Changes nothing.
 */
export function lockHolder(dir: string, suspected: boolean): string | null {
  const file = path.join(dir, LOCK_FILE);
  const note = `${file}.holder`;
  if (!suspected && lstatOrNull(note) === null) return null;
  if (lstatOrNull(file)?.isFile() !== true) return null;
  try {
    const database = openDatabase(file, { readOnly: true });
    try {
      database.exec('PRAGMA busy_timeout = 0; SELECT count(*) FROM sqlite_schema');
    } finally {
      database.close();
    }
  } catch (error) {
    // Any other error leaves the question open, and then nobody is known to hold the lock.
    return isBusy(error) ? readNote(note) : null;
  }
  return null;
}

/** SQLite would follow a link and lock, or make, a file somewhere else. */
function refuseOdd(file: string): void {
  const stat = lstatOrNull(file);
  if (stat === null || stat.isFile()) return;
  throw new BackupError('UNSAFE_TARGET', `the lock is not a regular file: ${file}`, {
    hint: 'Nothing was changed. Find out what it is and remove it, then run the command again.',
    path: file,
  });
}

/** Node 24 warns on stderr that SQLite is experimental when it loads node:sqlite. Only that warning is suppressed. */
function openDatabase(file: string, how: { readOnly?: boolean } = {}): DatabaseSync {
  const emit = process.emitWarning.bind(process);
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    if (!String(warning).includes('SQLite is an experimental feature'))
      Reflect.apply(emit, process, [warning, ...rest]);
  };
  try {
    const { DatabaseSync: Database } = process.getBuiltinModule('node:sqlite');
    if (how.readOnly !== true) makeForFolderOwner(file, 0o644);
    return new Database(file, how);
  } catch (cause) {
    throw unusable(file, cause);
  } finally {
    process.emitWarning = emit;
  }
}

/** SQLITE_BUSY is 5; extended codes keep it in the lowest byte. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && Number(error.errcode) % 256 === 5;
}

/** The message of SQLite is passed on: it says what the system refused. */
function unusable(file: string, cause: unknown): BackupError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new BackupError('IO', `the lock cannot be taken: ${why}: ${file}`, {
    hint: 'Check that this user may write that file and its folder, and that the disk works; then run the command again.',
    path: file,
    cause,
  });
}

function writeNote(note: string, holder: Holder): void {
  try {
    // An old note is removed first, not overwritten: a checkout may contain a link in its place.
    fs.rmSync(note, { force: true });
    fs.writeFileSync(note, JSON.stringify(holder), { mode: 0o600, flag: 'wx' });
  } catch {
    // The note is a courtesy; the lock is held all the same.
  }
}

function readNote(note: string): string {
  try {
    const holder: Partial<Holder> = JSON.parse(readRegular(note, MAX_NOTE_BYTES).toString('utf8'));
    return `migbackup ${holder.command} (pid ${holder.pid} on ${holder.host}, since ${holder.since})`;
  } catch {
    return 'another migbackup';
  }
}

function locked(dir: string, note: string, cause: unknown): BackupError {
  return new BackupError('LOCKED', `${dir} is locked by ${readNote(note)}`, {
    hint: 'Wait until it has finished, then run the command again. A killed process holds no lock.',
    path: dir,
    cause,
  });
}
