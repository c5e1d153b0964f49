import type { DatabaseRecord } from '../../engine.ts';
import type { Column, Layout, Table } from './layout.ts';
import type { PageFile } from './page-file.ts';
import { KeyWriter } from './record-key.ts';
import { columnHeads, LONGEST, RecordWriter } from './record-writer.ts';
import type { Value } from './sql-rows.ts';
import { FLOAT, NULL, sizeOfType, StoredRow } from './stored-row.ts';
import { Halves, isInteger, isText, readFloat } from './stored-value.ts';
import { TreeWalk } from './tree.ts';
import { toUtf8 } from './utf16.ts';

const END = Buffer.from('}');
const NULL_TEXT = Buffer.from('null');

/** Whether all rows can be read from the pages, in the order of their keys. */
export function isInKeyOrder(file: PageFile, layout: Layout): boolean {
  if (layout.columns.some(({ stored }) => stored < 0)) return false;
  return layout.hasRowid ? isByRowid(layout) : layout.isPlainKey && file.encoding === 'utf8';
}

const isByRowid = ({ hasRowid, alias, key }: Layout): boolean => hasRowid && (alias >= 0 || key.length === 0);

/**
 * The records of a table in stored order, which is the order of their keys if `isInKeyOrder` says so. Columns that are not stored are left out.
 * @param missing gives the value of a column in a row that was written before the column was added
 */
export function* storedRecords(
  file: PageFile,
  table: Table,
  layout: Layout,
  missing: (column: number, rowid: bigint) => Value,
): Generator<DatabaseRecord> {
  const walk = new TreeWalk(file, table.root);
  const row = new StoredRow(file, walk.isTable);
  const writer = new RecordWriter();
  const values = new ValueWriter(file, row, writer);
  const keys = new KeyWriter(writer, table.name);
  const byRowid = isByRowid(layout);
  const written = layout.columns.flatMap((column, index) => (column.stored < 0 ? [] : [{ ...column, index }]));
  const heads = columnHeads(written);
  const added = new Map<number, Value>();
  for (const cell of walk.cells(table.root)) {
    row.decode(cell);
    const { rowidHigh, rowidLow } = row;
    const parts = byRowid ? [] : layout.key.map((column) => values.value(layout.columns[column]));
    const rowid = byRowid || !layout.hasRowid ? null : row.rowid;
    const key = byRowid ? keys.rowidKey(rowidHigh, rowidLow) : keys.key(parts, rowid);
    const order = byRowid ? keys.rowidOrder(rowidHigh, rowidLow) : keys.order(parts, rowid);
    for (let at = 0; at < written.length; at++) {
      const { stored, isReal, index } = written[at] ?? { stored: 0, isReal: false, index: 0 };
      writer.raw(heads[at] ?? END);
      if (index === layout.alias) writer.integer(rowidHigh, rowidLow);
      else if (stored < row.count) values.stored(row.types[stored] ?? NULL, row.offsets[stored] ?? 0, isReal);
      else {
        const value = added.get(index) ?? missing(index, row.rowid);
        added.set(index, value);
        writer.value(value);
      }
    }
    writer.raw(END);
    yield { key, value: writer.take(), order };
  }
}

class ValueWriter {
  readonly #file: PageFile;
  readonly #row: StoredRow;
  readonly #writer: RecordWriter;
  readonly #halves = new Halves();

  constructor(file: PageFile, row: StoredRow, writer: RecordWriter) {
    this.#file = file;
    this.#row = row;
    this.#writer = writer;
  }

  /** A value of the key. Such values are always stored. */
  value(column: Column | undefined): Value {
    const [row, halves] = [this.#row, this.#halves];
    const type = row.types[column?.stored ?? 0] ?? NULL;
    const offset = row.offsets[column?.stored ?? 0] ?? 0;
    if (type === NULL) return { type: 'null' };
    if (type === FLOAT) return { type: 'real', value: readFloat(row, offset) };
    if (isInteger(type)) {
      halves.read(row, type, offset);
      return column?.isReal === true
        ? { type: 'real', value: halves.toNumber() }
        : { type: 'integer', value: halves.toBigInt() };
    }
    const bytes = row.slice(offset, sizeOfType(type));
    return isText(type) ? { type: 'text', value: toUtf8(bytes, this.#file.encoding) } : { type: 'blob', value: bytes };
  }

  stored(type: number, offset: number, isReal: boolean): void {
    const halves = this.#halves;
    if (type === NULL) this.#writer.raw(NULL_TEXT);
    else if (type === FLOAT) this.#writer.real(readFloat(this.#row, offset));
    else if (!isInteger(type)) this.#bytes(type, offset);
    else {
      halves.read(this.#row, type, offset);
      if (isReal) this.#writer.real(halves.toNumber());
      else this.#writer.integer(halves.high, halves.low);
    }
  }

  #bytes(type: number, offset: number): void {
    const [row, writer, { encoding }] = [this.#row, this.#writer, this.#file];
    const length = sizeOfType(type);
    const text = isText(type);
    if (text && encoding !== 'utf8') writer.text(toUtf8(row.slice(offset, length), encoding));
    else if (length > LONGEST) writer.long(length, row.pieces(offset, length));
    else {
      const bytes = row.isLong ? row.slice(offset, length) : row.bytes;
      const start = row.isLong ? 0 : row.base + offset;
      if (text) writer.text(bytes, start, start + length);
      else writer.blob(bytes, start, start + length);
    }
  }
}
