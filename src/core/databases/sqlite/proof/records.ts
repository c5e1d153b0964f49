import type { DatabaseSync } from 'node:sqlite';
import { removeTree } from '../../../fs/durable.ts';
import { Pacer } from '../../../concurrency/pacer.ts';
import { throwIfInterrupted } from '../../../model/backup-error.ts';
import { damaged } from '../../damage.ts';
import type { DatabaseFiles } from '../../database-files.ts';
import type { DatabaseRecord, ProveOptions, RecordsOptions } from '../../engine.ts';
import { asDamage, type OpenCopy, openCopy, withCopy } from './copy.ts';
import { addedLater, NotStored, type Source } from './hash-table.ts';
import { checkIndexTrees } from './integrity.ts';
import { canBeNamed, type Layout, layoutOf, rowidName, type Table, tablesOf } from './layout.ts';
import { notHere } from './not-here.ts';
import { DATABASE_FILE } from './page-file.ts';
import { tablePrefix } from './record-key.ts';
import { makeScratch } from './scratch.ts';
import { quoted } from './sql-rows.ts';
import { addSorting, recordsBesideRowids, sortedRecords } from './sorted-records.ts';
import { isInKeyOrder, storedRecords } from './stored-records.ts';
import { checkTree } from './tree.ts';

/** A batch ends at either limit. */
const MOST_RECORDS = 500;
const MOST_BYTES = 512 * 1024;

/**
 * The rows of all tables, the tables in byte order of their names and the rows in the order of their keys: `KeyWriter` says how a key is written,
 * `RecordWriter` how a row is. Rows of virtual tables are not read, but the rows of the tables behind them are.
 * @throws BackupError as `proveSqlite`, also where a table cannot be read
 */
export async function* sqliteRecords(
  files: DatabaseFiles,
  options: RecordsOptions,
): AsyncGenerator<readonly DatabaseRecord[]> {
  const { scratch, signal, prefix = Buffer.alloc(0) } = options;
  try {
    const copy = openCopy(await makeScratch(files, options), { sortIn: scratch });
    try {
      const source: Source = { db: copy.db, file: copy.file, signal };
      addSorting(source);
      const pacer = new Pacer();
      for (const table of readTables(copy)) {
        if (!mayHold(table, prefix)) continue;
        for (const batch of batches(recordsOf(source, table), prefix)) {
          throwIfInterrupted(signal);
          yield batch;
          if (pacer.due()) await pacer.turn();
        }
      }
    } catch (error) {
      throw asDamage(error);
    } finally {
      copy.close();
    }
  } finally {
    removeTree(scratch);
  }
}

/**
 * The tables that have rows, in byte order of their names, with the number of rows; null if they cannot be counted. This is for a list and proves
 * nothing.
 * @throws BackupError as `proveSqlite`
 */
export async function sqliteTables(
  files: DatabaseFiles,
  options: ProveOptions,
): Promise<{ readonly name: Buffer; readonly rows: number | null }[]> {
  try {
    return await withCopy(await makeScratch(files, options), (copy) =>
      readTables(copy).map((table) => ({ name: table.name, rows: countOf(copy, table) })),
    );
  } finally {
    removeTree(options.scratch);
  }
}

function readTables({ db, file }: OpenCopy): Table[] {
  return tablesOf(db, file)
    .filter(({ root }) => root !== 1)
    .toSorted((a, b) => Buffer.compare(a.name, b.name));
}

function countOf({ db, file }: OpenCopy, table: Table): number | null {
  let inPages: number | null = null;
  try {
    inPages = checkTree(file, table.root);
    const row = canBeNamed(table)
      ? db.prepare(`SELECT count(*) AS n FROM main.${quoted(table.text)} NOT INDEXED`).get()
      : undefined;
    return typeof row?.['n'] === 'number' ? row['n'] : null;
  } catch (error) {
    return notHere(error) === null ? null : inPages;
  }
}

/** Whether a key of the table can begin with this prefix. */
function mayHold({ name }: Table, prefix: Buffer): boolean {
  const start = tablePrefix(name);
  const length = Math.min(start.length, prefix.length);
  return start.subarray(0, length).equals(prefix.subarray(0, length));
}

function* recordsOf(source: Source, table: Table): Generator<DatabaseRecord> {
  const layout = layoutOf(source.db, source.file, table);
  if (layout === null) throw damaged(DATABASE_FILE, `SQLite knows no table ${table.text}`);
  let done = 0;
  if (isInKeyOrder(source.file, layout)) {
    try {
      for (const record of stored(source, table, layout)) {
        yield record;
        done += 1;
      }
      return;
    } catch (error) {
      if (!(error instanceof NotStored)) throw error;
    }
  }
  // If the pages form a cycle, SQLite would never end.
  const rows = checkTree(source.file, table.root);
  checkIndexTrees(source.db, source.file, table);
  const isNamed = !layout.hasRowid || rowidName(layout) !== undefined;
  const sorted = isNamed
    ? inOrder(sortedRecords(source, table, layout, done), table, rows - done)
    : selfSorted(source.db, recordsBesideRowids(source, table, layout), done);
  let isBegun = false;
  try {
    for (const record of sorted) {
      isBegun = true;
      yield record;
    }
  } catch (error) {
    if (isBegun || notHere(error) === null) throw error;
    yield* withoutComputed(source, table, layout, done, error);
  }
}

/** @param why SQLite does not read them; thrown again if the pages are not enough either */
function* withoutComputed(
  source: Source,
  table: Table,
  layout: Layout,
  skip: number,
  why: unknown,
): Generator<DatabaseRecord> {
  try {
    yield* selfSorted(source.db, stored(source, table, layout), skip);
  } catch (error) {
    throw error instanceof NotStored ? why : error;
  }
}

/** The records as stored in the pages, without columns that are computed on reading. */
function stored(source: Source, table: Table, layout: Layout): Iterable<DatabaseRecord> {
  return storedRecords(source.file, table, layout, (column, rowid) => addedLater(source, table, layout, column, rowid));
}

/** Checks the order and number of records, since SQLite may have sorted with an index that does not agree with the table. */
function* inOrder(records: Iterable<DatabaseRecord>, table: Table, rows: number): Generator<DatabaseRecord> {
  let last: Buffer = Buffer.alloc(0);
  let left = rows;
  for (const record of records) {
    left -= 1;
    if (Buffer.compare(last, record.order) > 0) break;
    last = record.order;
    yield record;
  }
  if (left !== 0) throw damaged(DATABASE_FILE, `table ${table.text} and its index do not agree`);
}

function* batches(records: Iterable<DatabaseRecord>, prefix: Buffer): Generator<DatabaseRecord[]> {
  let batch: DatabaseRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    if (!record.key.subarray(0, prefix.length).equals(prefix)) continue;
    batch.push(record);
    bytes += record.key.length + record.value.length;
    if (batch.length < MOST_RECORDS && bytes < MOST_BYTES) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

/**
 * Sorts records if SQLite cannot sort the rows themselves. It uses a temporary table, stored where SQLite sorts. The table is in `temp`, so its name
 * cannot collide with a table of the database.
 * @param skip how many records to leave out at the beginning
 * @throws BackupError DATABASE_DAMAGED if two records have the same key
 */
function* selfSorted(db: DatabaseSync, records: Iterable<DatabaseRecord>, skip: number): Generator<DatabaseRecord> {
  db.exec('CREATE TABLE temp.sorted(place BLOB PRIMARY KEY, name BLOB, content BLOB) WITHOUT ROWID');
  try {
    const add = db.prepare('INSERT OR IGNORE INTO temp.sorted VALUES (?, ?, ?)');
    db.exec('BEGIN');
    for (const { order, key, value } of records)
      if (add.run(order, key, value).changes === 0)
        throw damaged(DATABASE_FILE, `two rows have the key ${key.toString()}`);
    db.exec('COMMIT');
    const rows = db
      .prepare('SELECT place, name, content FROM temp.sorted ORDER BY place LIMIT -1 OFFSET ?')
      .iterate(skip);
    for (const { place, name, content } of rows) yield { order: bytes(place), key: bytes(name), value: bytes(content) };
  } finally {
    if (db.isTransaction) db.exec('ROLLBACK');
    db.exec('DROP TABLE IF EXISTS temp.sorted');
  }
}

function bytes(value: unknown): Buffer {
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : Buffer.alloc(0);
}
