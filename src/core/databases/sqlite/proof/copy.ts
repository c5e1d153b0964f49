import fs from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { BackupError } from '../../../model/backup-error.ts';
import { damaged } from '../../damage.ts';
import { nodeSqlite } from '../node-sqlite.ts';
import { DATABASE_FILE, PageFile } from './page-file.ts';
import { checkTree } from './tree.ts';

const SCHEMA_ROOT = 1;
const WRITE_VERSION = 18;
/** What SQLite has itself (SQLITE_MAX_LENGTH). */
const MOST_BYTES = 1_000_000_000;
const ROOM_FOR_VALUES = 16 * 1024 * 1024;
const NO_SPACE = new Set(['database or disk is full']);

/** A scratch copy that SQLite has recovered and has open, and its pages beside that. */
export interface OpenCopy {
  readonly db: DatabaseSync;
  readonly file: PageFile;
  /** Why SQLite does not take the schema; null: it does. What it takes of it can be read all the same. */
  readonly malformed: string | null;
  close(): void;
}

/**
 * Has SQLite recover a scratch copy and opens it. Nothing of the database runs: no trigger fires, since nothing is written; no view is named; modules of
 * virtual tables are not there (`checkIntegrity`); functions that a schema should not call cannot be called by it; no extension is loaded.
 * @param options.sortIn a folder for what is sorted; otherwise that is done in memory
 * @throws BackupError DATABASE_DAMAGED where nothing can be read
 */
export function openCopy(path: string, options: { readonly sortIn?: string } = {}): OpenCopy {
  recover(path);
  allowWriting(path);
  const file = new PageFile(path);
  let db: DatabaseSync | undefined;
  try {
    // SQLite reads the whole schema when it opens a database, and would go round for ever in one whose pages form a ring.
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

/** What SQLite says of a copy that it does not read, as DATABASE_DAMAGED. */
export function asDamage(error: unknown): unknown {
  if (error instanceof BackupError || !(error instanceof Error) || !('errcode' in error)) return error;
  if (NO_SPACE.has(error.message))
    return new BackupError('NO_SPACE', 'not enough space to prove a database', {
      hint: 'Free some space there.',
      cause: error,
    });
  return damaged(DATABASE_FILE, `SQLite says: ${error.message}`, undefined, error);
}

/** Opened and closed once: SQLite rolls a journal back, or takes over what a log holds and removes it. It reads no schema for that. */
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
  if (left !== undefined && left.size > 0) throw damaged(DATABASE_FILE, 'SQLite does not take over what its log holds');
}

/** SQLite writes nothing, not even what is taken back, where the header has the version of a newer one for writing alone (file format, section 1.3.3). The copy is ours. */
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

/** A schema of a few bytes could compute values of gigabytes otherwise. No stored value is longer than the file; what an ordinary schema makes of one is not much longer. */
const lengthLimit = (path: string): number => Math.min(MOST_BYTES, 8 * fs.statSync(path).size + ROOM_FOR_VALUES);

function connect(path: string): DatabaseSync {
  const { DatabaseSync: Database } = nodeSqlite();
  const db = new Database(path, {
    enableForeignKeyConstraints: false,
    allowExtension: false,
    // An old schema may have text in double quotes, and is not read otherwise.
    enableDoubleQuotedStringLiterals: true,
    // `checkIntegrity` changes what the schema says of modules, in a transaction that it takes back.
    defensive: false,
    limits: { length: lengthLimit(path) },
  });
  db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY');
  return db;
}

/** The one setting of SQLite that says where it sorts: it holds for the whole process, in which nothing else sorts in files. */
function sortIn(db: DatabaseSync, folder: string): void {
  db.exec(`PRAGMA temp_store = FILE; PRAGMA temp_store_directory = '${folder.replaceAll("'", "''")}'`);
}

function readSchema(db: DatabaseSync): string | null {
  try {
    touchSchema(db);
    return null;
  } catch (error) {
    // Then what can be read of the schema is read.
    db.exec('PRAGMA writable_schema = ON');
    touchSchema(db);
    return error instanceof Error ? error.message : String(error);
  }
}

/** `CREATE VIRTUAL`, with whatever SQLite passes over between the two. */
const CREATES_VIRTUAL = /^\s*create(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?(?:\*\/|$))+virtual\b/i;

/** A virtual table has no pages of its own. One that says it has would be read as an ordinary table, by its module. @throws BackupError DATABASE_DAMAGED */
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
