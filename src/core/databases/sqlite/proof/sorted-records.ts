import type { SQLOutputValue } from 'node:sqlite';
import { damaged } from '../../damage.ts';
import type { DatabaseRecord } from '../../engine.ts';
import type { Source } from './hash-table.ts';
import { type Layout, rowidName, rowsOf, type Table } from './layout.ts';
import { DATABASE_FILE } from './page-file.ts';
import { KeyWriter } from './record-key.ts';
import { plainRows, type RowsQuery, sqlRows, type Value } from './sql-rows.ts';
import { columnHeads, RecordWriter } from './record-writer.ts';
import { StoredRow } from './stored-row.ts';
import { TreeWalk } from './tree.ts';
import { toUtf8 } from './utf16.ts';

/** The function that SQLite calls to sort the TEXT of a UTF-16 database like that of any other. A schema cannot call it. */
const TO_UTF8 = 'migbackup_utf8';
const END = Buffer.from('}');
const REPLACEMENT = '\ufffd';

/** To be called before any query runs. */
export function addSorting({ db, file }: Pick<Source, 'db' | 'file'>): void {
  if (file.encoding === 'utf8') return;
  db.function(TO_UTF8, { directOnly: true, deterministic: true }, (text) =>
    text instanceof Uint8Array ? toUtf8(Buffer.from(text), file.encoding) : null,
  );
}

/**
 * The records of a table in the order of its primary key, ignoring its collations. SQLite reads and sorts them.
 * @param skip how many records to leave out at the beginning
 */
export function* sortedRecords(source: Source, table: Table, layout: Layout, skip = 0): Generator<DatabaseRecord> {
  const query = sortedQuery(source, table, layout);
  const maker = new RecordMaker(table, layout);
  let done = 0;
  let isValid = true;
  for (const row of plainRows(source.db, query)) {
    isValid = !row.some((value) => typeof value === 'string' && value.includes(REPLACEMENT));
    if (!isValid) break;
    if (done++ >= skip) yield maker.record(row.map(plainValue));
  }
  if (isValid) return;
  // Some TEXT is not valid UTF-8, so from there on all TEXT is read as bytes.
  let at = 0;
  for (const row of sqlRows(source.db, source.file.encoding, query))
    if (at++ >= Math.max(done, skip)) yield maker.record(row);
}

/**
 * The records of a table whose rowid no name reaches, in stored order. The rowids are read from the pages, which are in the same order as SQLite's
 * rows.
 * @throws BackupError DATABASE_DAMAGED if SQLite and the pages do not agree
 */
export function* recordsBesideRowids({ db, file }: Source, table: Table, layout: Layout): Generator<DatabaseRecord> {
  const maker = new RecordMaker(table, layout);
  const row = new StoredRow(file, true);
  const cells = new TreeWalk(file, table.root).cells(table.root);
  for (const values of sqlRows(db, file.encoding, rowsOf(table, layout))) {
    const cell = cells.next();
    if (cell.done === true) throw damaged(DATABASE_FILE, `SQLite reads more rows of table ${table.text} than it has`);
    row.decode(cell.value);
    yield maker.record([{ type: 'integer', value: row.rowid }, ...values]);
  }
  if (cells.next().done !== true)
    throw damaged(DATABASE_FILE, `SQLite reads fewer rows of table ${table.text} than it has`);
}

class RecordMaker {
  readonly #layout: Layout;
  readonly #heads: readonly Buffer[];
  readonly #writer = new RecordWriter();
  readonly #keys: KeyWriter;

  constructor(table: Table, layout: Layout) {
    this.#layout = layout;
    this.#keys = new KeyWriter(this.#writer, table.name);
    this.#heads = columnHeads(layout.columns);
  }

  /** @param values the rowid, if the table has one that a query can name, and the columns */
  record(values: readonly Value[]): DatabaseRecord {
    const { columns, key } = this.#layout;
    const first = values.length - columns.length;
    const rowid = first === 0 ? undefined : values[0];
    const parts = key.map((column): Value => values[first + column] ?? { type: 'null' });
    const own = parts.length > 0 || rowid === undefined ? parts : [rowid];
    const number = rowid?.type === 'integer' ? rowid.value : null;
    const ids = { key: this.#keys.key(own, number), order: this.#keys.order(own, number) };
    for (let index = 0; index < columns.length; index++) {
      this.#writer.raw(this.#heads[index] ?? END);
      this.#writer.value(values[first + index] ?? { type: 'null' });
    }
    this.#writer.raw(END);
    return { ...ids, value: this.#writer.take() };
  }
}

/** A query for the rowid, if the table has one that a query can name, and the columns. */
function sortedQuery({ file }: Source, table: Table, layout: Layout): RowsQuery {
  const rowid = rowidName(layout);
  const query = rowsOf(table, layout, rowid, true);
  const first = rowid === undefined ? 0 : 1;
  const by = [...layout.key.map((column) => query.columns[first + column]), ...query.columns.slice(0, first)];
  const order = by.flatMap((name) => sortedBy(name ?? '', file.encoding));
  return { ...query, from: order.length === 0 ? query.from : `${query.from} ORDER BY ${order.join(', ')}` };
}

function sortedBy(name: string, encoding: Source['file']['encoding']): string[] {
  if (encoding === 'utf8') return [`${name} COLLATE BINARY`];
  const kind = `CASE typeof(${name}) WHEN 'null' THEN 0 WHEN 'text' THEN 2 WHEN 'blob' THEN 3 ELSE 1 END`;
  return [kind, `CASE typeof(${name}) WHEN 'text' THEN ${TO_UTF8}(CAST(${name} AS BLOB)) ELSE ${name} END`];
}

function plainValue(value: SQLOutputValue): Value {
  if (value === null) return { type: 'null' };
  if (typeof value === 'bigint') return { type: 'integer', value };
  if (typeof value === 'number') return { type: 'real', value };
  if (typeof value === 'string') return { type: 'text', value: Buffer.from(value) };
  return { type: 'blob', value: Buffer.from(value.buffer, value.byteOffset, value.byteLength) };
}
