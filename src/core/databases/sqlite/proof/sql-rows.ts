import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { toUtf8 } from './utf16.ts';
import type { TextEncoding } from './page-file.ts';

/** SQLite returns at most 2000 columns, and a value may take two. */
const COLUMNS_AT_ONCE = 900;

/** A value of a row as SQLite has it. TEXT is UTF-8 that need not be valid. */
export type Value =
  | { readonly type: 'null' }
  | { readonly type: 'integer'; readonly value: bigint }
  | { readonly type: 'real'; readonly value: number }
  | { readonly type: 'text'; readonly value: Buffer }
  | { readonly type: 'blob'; readonly value: Buffer };

export interface RowsQuery {
  /** The SQL before SELECT. */
  readonly before?: string;
  /** The expressions after SELECT. */
  readonly columns: readonly string[];
  /** The SQL after FROM. */
  readonly from: string;
}

/** The rows of a query, with TEXT as bytes, because node:sqlite would change text that is not valid UTF-8. */
export function* sqlRows(db: DatabaseSync, encoding: TextEncoding, query: RowsQuery): Generator<Value[]> {
  const columns = query.columns.map(
    (column) => `typeof(${column}), CASE typeof(${column}) WHEN 'text' THEN CAST(${column} AS BLOB) ELSE ${column} END`,
  );
  for (const values of plainRows(db, { ...query, columns })) {
    const row: Value[] = [];
    for (let at = 0; at < values.length; at += 2) row.push(valueOf(values[at], values[at + 1], encoding));
    yield row;
  }
}

/** The rows of a query as node:sqlite has them, with integers of 64 bits. */
export function* plainRows(db: DatabaseSync, query: RowsQuery): Generator<SQLOutputValue[]> {
  const parts: Generator<SQLOutputValue[]>[] = [];
  for (let at = 0; at < query.columns.length; at += COLUMNS_AT_ONCE)
    parts.push(partRows(db, query, query.columns.slice(at, at + COLUMNS_AT_ONCE)));
  const [only] = parts;
  if (only !== undefined && parts.length === 1) yield* only;
  else yield* side(parts);
}

/** Joins several statements that return parts of the same rows. */
function* side(parts: readonly Generator<SQLOutputValue[]>[]): Generator<SQLOutputValue[]> {
  for (;;) {
    const row: SQLOutputValue[] = [];
    for (const part of parts) {
      const next = part.next();
      if (next.done === true) return;
      row.push(...next.value);
    }
    yield row;
  }
}

function* partRows(db: DatabaseSync, query: RowsQuery, columns: readonly string[]): Generator<SQLOutputValue[]> {
  const statement = db.prepare(`${query.before ?? ''} SELECT ${columns.join(', ')} FROM ${query.from}`);
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  // node:sqlite returns arrays here, but its types do not say so.
  const rows: Iterable<unknown> = statement.iterate();
  for (const row of rows) if (Array.isArray(row)) yield row;
}

function valueOf(type: SQLOutputValue | undefined, value: SQLOutputValue | undefined, encoding: TextEncoding): Value {
  if (typeof value === 'bigint') return { type: 'integer', value };
  if (typeof value === 'number') return { type: 'real', value };
  if (!(value instanceof Uint8Array)) return { type: 'null' };
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return type === 'text' ? { type, value: toUtf8(bytes, encoding) } : { type: 'blob', value: bytes };
}

/** A name in SQL. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
