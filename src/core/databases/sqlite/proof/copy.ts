import fs from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { BackupError } from '../../../model/backup-error.ts';
import { damaged } from '../../damage.ts';
import { nodeSqlite } from '../node-sqlite.ts';
import { DATABASE_FILE, PageFile } from './page-file.ts';
import { checkTree } from './tree.ts';

const SCHEMA_ROOT = 1;
const WRITE_VERSION = 18;
/** SQLite's own limit (SQLITE_MAX_LENGTH). */
const MOST_BYTES = 1_000_000_000;
const ROOM_FOR_VALUES = 16 * 1024 * 1024;
const NO_SPACE = new Set(['database or disk is full']);

/** A scratch copy that SQLite has recovered and opened, and direct access to its pages. */
export interface OpenCopy {
  readonly db: DatabaseSync;
  readonly file: PageFile;
  /** Why SQLite rejects the schema; null if it accepts it. The part that it accepts can be read in either case. */
  readonly malformed: string | null;
  close(): void;
}

/**
 * Has SQLite recover a scratch copy and opens it. No code of the database runs: no trigger fires, since nothing is written; no query names a view;
 * modules of virtual tables are not available (`checkIntegrity`); the schema cannot call unsafe functions; no extension is loaded.
 * @param options.sortIn the folder in which SQLite sorts; without it, SQLite sorts in memory
 * @throws BackupError DATABASE_DAMAGED where nothing can be read
 */
export function openCopy(path: string, options: { readonly sortIn?: string } = {}): OpenCopy {
  recover(path);
  allowWriting(path);
  const file = new PageFile(path);
  let db: DatabaseSync | undefined;
  try {
    // SQLite reads the whole schema when it opens a database, and would never end if the schema's pages form a cycle.
    checkTree(file, SCHEMA_ROOT);
    db = connect(path);
    if (options.sortIn !== undefined) sortIn(db, options.sortIn);
    const malformed = readSchema(db);
    refuseDisguised(db);
    return { db, file, malformed, close: () => closeBoth(db, file) };
  } catch (error) {
    closeBoth(db, file);
    throw asDamage(error);
  }
}

/** Opens a copy for as long as `use` takes. @throws BackupError as `openCopy` */
export async function withCopy<T>(path: string, use: (copy: OpenCopy) => Promise<T> | T): Promise<T> {
  const copy = openCopy(path);
  try {
    return await use(copy);
  } catch (error) {
    throw asDamage(error);
  } finally {
    copy.close();
  }
}

/** Turns an error of SQLite about a copy into DATABASE_DAMAGED, or NO_SPACE if the disk is full. */
export function asDamage(error: unknown): unknown {
  if (error instanceof BackupError || !(error instanceof Error) || !('errcode' in error)) return error;
  if (NO_SPACE.has(error.message))
    return new BackupError('NO_SPACE', 'not enough space to prove a database', {
      hint: 'Free some space there.',
      cause: error,
    });
  return damaged(DATABASE_FILE, `SQLite says: ${error.message}`, undefined, error);
}

/** Opens and closes the copy once. SQLite then rolls a journal back, or copies a log into the database and removes it. It does not read the schema for that. */
function recover(path: string): void {
  try {
    const db = connect(path);
    try {
      db.prepare('PRAGMA user_version').get();
    } finally {
      db.close();
    }
  } catch (error) {
    throw asDamage(error);
  }
  const left = fs.statSync(`${path}-wal`, { throwIfNoEntry: false });
  if (left !== undefined && left.size > 0)
    throw damaged(DATABASE_FILE, 'SQLite does not copy its log into the database');
}

/**
 * If the header names a newer version for writing only (file format, section 1.3.3), SQLite writes nothing, not even what it would undo. The copy is
 * ours, so we may change its header.
 */
function allowWriting(path: string): void {
  const fd = fs.openSync(path, 'r+');
  try {
    const versions = Buffer.alloc(2);
    fs.readSync(fd, versions, 0, 2, WRITE_VERSION);
    const [write = 0, read = 0] = versions;
    if (write > read) fs.writeSync(fd, versions, 1, 1, WRITE_VERSION);
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * Without this limit, a schema of a few bytes could compute values of gigabytes. No stored value is longer than the file, and an ordinary schema does
 * not compute much longer values.
 */
const lengthLimit = (path: string): number => Math.min(MOST_BYTES, 8 * fs.statSync(path).size + ROOM_FOR_VALUES);

function connect(path: string): DatabaseSync {
  const { DatabaseSync: Database } = nodeSqlite();
  const db = new Database(path, {
    enableForeignKeyConstraints: false,
    allowExtension: false,
    // An old schema may have text in double quotes, and SQLite would not read it without this.
    enableDoubleQuotedStringLiterals: true,
    // `checkIntegrity` changes the modules in the schema, in a transaction that it rolls back.
    defensive: false,
    limits: { length: lengthLimit(path) },
  });
  db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY');
  return db;
}

/** SQLite has only this setting for where it sorts. It applies to the whole process, in which nothing else sorts in files. */
function sortIn(db: DatabaseSync, folder: string): void {
  db.exec(`PRAGMA temp_store = FILE; PRAGMA temp_store_directory = '${folder.replaceAll("'", "''")}'`);
}

function readSchema(db: DatabaseSync): string | null {
  try {
    touchSchema(db);
    return null;
  } catch (error) {
    // This makes SQLite read as much of the schema as it can.
    db.exec('PRAGMA writable_schema = ON');
    touchSchema(db);
    return error instanceof Error ? error.message : String(error);
  }
}

/** `CREATE VIRTUAL`, with whatever SQLite ignores between the two words. */
const CREATES_VIRTUAL = /^\s*create(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?(?:\*\/|$))+virtual\b/i;

/**
 * A virtual table has no pages of its own. If the schema claims otherwise, the table's module would read them as an ordinary table. @throws
 * BackupError DATABASE_DAMAGED
 */
function refuseDisguised(db: DatabaseSync): void {
  const rows = db
    .prepare("SELECT name, sql FROM main.sqlite_schema WHERE type = 'table' AND coalesce(rootpage, 0) <> 0")
    .iterate();
  for (const { name, sql } of rows)
    if (CREATES_VIRTUAL.test(String(sql)))
      throw damaged(DATABASE_FILE, `table ${String(name)} is virtual, and the schema gives it pages of its own`);
}

function touchSchema(db: DatabaseSync): void {
  db.prepare('SELECT count(*) FROM main.sqlite_schema').get();
  db.exec('PRAGMA cache_size = -16384');
}

function closeBoth(db: DatabaseSync | undefined, file: PageFile): void {
  file.close();
  db?.close();
}
