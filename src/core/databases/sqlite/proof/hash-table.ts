import type { DatabaseSync } from 'node:sqlite';
import { Pacer } from '../../../concurrency/pacer.ts';
import { throwIfInterrupted } from '../../../model/backup-error.ts';
import type { ContentHash } from './content-hash.ts';
import { canBeNamed, type Layout, rowidName, rowsOf, type Table } from './layout.ts';
import type { PageFile, TextEncoding } from './page-file.ts';
import { type RowsQuery, sqlRows, type Value } from './sql-rows.ts';
import { FLOAT, NULL, sizeOfType, StoredRow } from './stored-row.ts';
import { Halves, isInteger, isText, readFloat } from './stored-value.ts';
import { TreeWalk } from './tree.ts';
import { toUtf8 } from './utf16.ts';

/** How many rows pass between two looks at the clock. */
const STRIDE = 256;

export interface Source {
  readonly db: DatabaseSync;
  readonly file: PageFile;
  readonly signal: AbortSignal | undefined;
  /** Why nothing of what the schema computes may be computed, as part of a sentence. */
  readonly withheld?: string | undefined;
}

/** Only SQLite can compute what is not stored: generated columns, and values that a table without rowids got later. */
export class NotStored extends Error {}

/**
 * Adds all rows of a table as `SELECT *` gives them, and returns how many there are.
 * @throws BackupError DATABASE_DAMAGED; an Error of SQLite where it cannot compute a column
 */
export async function hashTable(source: Source, table: Table, layout: Layout, hash: ContentHash): Promise<number> {
  if (layout.columns.some(({ stored }) => stored < 0)) {
    if (source.withheld !== undefined) throw new Error(source.withheld);
    return hashQuery(source, rowsOf(table, layout), hash);
  }
  const mark = hash.mark();
  try {
    return await hashPages(source, table, layout, hash);
  } catch (error) {
    if (!(error instanceof NotStored)) throw error;
    hash.returnTo(mark);
    return hashQuery(source, rowsOf(table, layout), hash);
  }
}

/** Adds all rows of any query. */
export async function hashQuery({ db, file, signal }: Source, query: RowsQuery, hash: ContentHash): Promise<number> {
  const pacer = new Pacer();
  let rows = 0;
  for (const row of sqlRows(db, file.encoding, query)) {
    hash.row();
    for (const value of row) addValue(hash, value);
    if (++rows % STRIDE === 0) await breathe(pacer, signal);
  }
  return rows;
}

async function hashPages(source: Source, table: Table, layout: Layout, hash: ContentHash): Promise<number> {
  const { file, signal } = source;
  const walk = new TreeWalk(file, table.root);
  const row = new StoredRow(file, walk.isTable);
  const adder = new RowAdder(hash, layout, file.encoding, (column, rowid) =>
    addedLater(source, table, layout, column, rowid),
  );
  const pacer = new Pacer();
  let rows = 0;
  for (const cell of walk.cells(table.root)) {
    row.decode(cell);
    adder.add(row);
    if (++rows % STRIDE === 0) await breathe(pacer, signal);
  }
  return rows;
}

async function breathe(pacer: Pacer, signal: AbortSignal | undefined): Promise<void> {
  throwIfInterrupted(signal);
  if (pacer.due()) await pacer.turn();
}

/** The value of a column in a row that was written before the column was added. @throws if SQLite cannot be asked */
export function addedLater({ db, file }: Source, table: Table, layout: Layout, column: number, rowid: bigint): Value {
  const name = rowidName(layout);
  if (name === undefined || !canBeNamed(table)) throw new NotStored();
  const query = rowsOf(table, layout, name);
  const [row] = sqlRows(db, file.encoding, {
    ...query,
    columns: [query.columns[column + 1] ?? ''],
    from: `${query.from} WHERE ${query.columns[0] ?? ''} = ${rowid}`,
  });
  if (row?.[0] === undefined) throw new NotStored();
  return row[0];
}

class RowAdder {
  readonly #hash: ContentHash;
  readonly #layout: Layout;
  readonly #encoding: TextEncoding;
  readonly #missing: (column: number, rowid: bigint) => Value;
  readonly #halves = new Halves();
  readonly #defaults = new Map<number, Value>();

  constructor(
    hash: ContentHash,
    layout: Layout,
    encoding: TextEncoding,
    missing: (column: number, rowid: bigint) => Value,
  ) {
    this.#hash = hash;
    this.#layout = layout;
    this.#encoding = encoding;
    this.#missing = missing;
  }

  add(row: StoredRow): void {
    const { columns, alias } = this.#layout;
    this.#hash.row();
    for (let index = 0; index < columns.length; index++) {
      const { stored, isReal } = columns[index] ?? { stored: -1, isReal: false };
      if (index === alias) this.#hash.integer(row.rowidHigh, row.rowidLow);
      else if (stored >= row.count) this.#added(index, row);
      else this.#stored(row, row.types[stored] ?? NULL, row.offsets[stored] ?? 0, isReal);
    }
  }

  #stored(row: StoredRow, type: number, offset: number, isReal: boolean): void {
    const hash = this.#hash;
    if (type === NULL) hash.null();
    else if (type === FLOAT) hash.float(readFloat(row, offset));
    else if (isInteger(type)) {
      this.#halves.read(row, type, offset);
      if (isReal) hash.float(this.#halves.toNumber());
      else hash.integer(this.#halves.high, this.#halves.low);
    } else this.#bytes(row, type, offset);
  }

  #bytes(row: StoredRow, type: number, offset: number): void {
    const length = sizeOfType(type);
    const text = isText(type);
    if (text && this.#encoding !== 'utf8') this.#hash.text(toUtf8(row.slice(offset, length), this.#encoding));
    else if (row.isLong) this.#hash.long(text, length, row.pieces(offset, length));
    else {
      const start = row.base + offset;
      if (text) this.#hash.text(row.bytes, start, start + length);
      else this.#hash.blob(row.bytes, start, start + length);
    }
  }

  #added(column: number, row: StoredRow): void {
    let value = this.#defaults.get(column);
    if (value === undefined) {
      value = this.#missing(column, row.rowid);
      this.#defaults.set(column, value);
    }
    addValue(this.#hash, value);
  }
}

function addValue(hash: ContentHash, value: Value): void {
  if (value.type === 'null') hash.null();
  else if (value.type === 'integer') hash.integer(Number(value.value >> 32n), Number(BigInt.asIntN(32, value.value)));
  else if (value.type === 'real') hash.float(value.value);
  else if (value.type === 'text') hash.text(value.value);
  else hash.blob(value.value);
}
