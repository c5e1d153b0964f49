import { isUtf8 } from 'node:buffer';
import type { DatabaseSync } from 'node:sqlite';
import { TreeWalk } from './tree.ts';
import { damaged } from '../../damage.ts';
import { DATABASE_FILE, type PageFile } from './page-file.ts';
import { quoted, type RowsQuery, sqlRows, type Value } from './sql-rows.ts';

const MOST_COLUMNS = 2000;

export interface Column {
  readonly name: string;
  /** The position of its value among the stored ones; -1 if it is computed and not stored. */
  readonly stored: number;
  /** Whether stored integers are read as floating point numbers. */
  readonly isReal: boolean;
}

/** A table that has rows of its own. */
export interface Table {
  /** UTF-8 as the schema has it; it need not be valid. */
  readonly name: Buffer;
  /** For messages and, where `name` is valid, for SQL. */
  readonly text: string;
  /** In lower case, as the sqlite3 shell names it. */
  readonly lower: Buffer;
  readonly root: number;
  readonly rowid: bigint;
}

export interface Layout {
  readonly columns: readonly Column[];
  /** False for a WITHOUT ROWID table. */
  readonly hasRowid: boolean;
  /** The column that is an alias of the rowid; -1 if there is none. */
  readonly alias: number;
  /** The columns of the primary key, in the order of the key. */
  readonly key: readonly number[];
  /** For WITHOUT ROWID: whether the rows are stored in the order of `KeyWriter`, that is without a collation or a descending column. */
  readonly isPlainKey: boolean;
}

/** Every table of the schema, in the order of the shell. The schema itself is one of them, with root 1. */
export function tablesOf(db: DatabaseSync, file: PageFile): Table[] {
  const query =
    'lower(name) AS tname, name, rootpage, rowid FROM main.sqlite_schema' +
    " WHERE type='table' AND coalesce(rootpage,0)>1" +
    " UNION ALL SELECT 'sqlite_schema', 'sqlite_schema', 1, 0 ORDER BY 1 COLLATE nocase";
  const rows = sqlRows(db, file.encoding, {
    columns: ['tname', 'name', 'rootpage', 'rowid'],
    from: `(SELECT ${query})`,
  });
  return [...rows].map(([lower, name, root, rowid]) => ({
    name: bytesOf(name),
    text: bytesOf(name).toString(),
    lower: untilNul(bytesOf(lower)),
    root: Number(integerOf(root)),
    rowid: integerOf(rowid),
  }));
}

/**
 * How a table's rows are stored; null if SQLite knows no table of this name. It calls pragmas as functions, since a PRAGMA cannot contain a name that
 * is not valid UTF-8. They are called in `temp`, where the database has no tables: a table of the database with the name of a pragma would answer
 * instead.
 */
export function layoutOf(db: DatabaseSync, file: PageFile, table: Table): Layout | null {
  const of = (pragma: string, columns: readonly string[], rest = ''): Value[][] => [
    ...sqlRows(db, file.encoding, {
      columns,
      from: `main.sqlite_schema AS s, temp.${pragma}(s.name, 'main') AS p ${rest} WHERE s.rowid = ${table.rowid}`,
    }),
  ];
  const infos = of('pragma_table_xinfo', ['p.name', 'p.type', 'p.pk', 'p.hidden']).map(([name, type, pk, hidden]) => ({
    name: bytesOf(name).toString(),
    type: bytesOf(type).toString('latin1'),
    pk: Number(integerOf(pk)),
    isStored: integerOf(hidden) !== 2n,
  }));
  if (infos.length === 0) return null;
  const index = of(
    'pragma_index_list',
    ['x.cid', 'x.desc', "x.coll = 'BINARY'", 'x.key'],
    ", temp.pragma_index_xinfo(p.name, 'main') AS x ON p.origin = 'pk'",
  ).map(([cid, descending, isBinary, isKey]) => ({
    column: Number(integerOf(cid)),
    isPlain: integerOf(isKey) === 0n || (integerOf(descending) === 0n && integerOf(isBinary) === 1n),
  }));
  const order = index.map(({ column }) => column);
  const key = infos
    .flatMap(({ pk }, index) => (pk > 0 ? [{ pk, index }] : []))
    .toSorted((a, b) => a.pk - b.pk)
    .map(({ index }) => index);
  const hasRowid = new TreeWalk(file, table.root).isTable;
  const inRow = infos.flatMap(({ isStored }, index) => (isStored ? [index] : []));
  const places = hasRowid ? inRow : order;
  const isAlias = hasRowid && key.length === 1 && order.length === 0;
  return {
    columns: infos.map(({ name, type }, index) => ({
      name,
      stored: places.indexOf(index),
      isReal: isRealType(type),
    })),
    hasRowid,
    alias: isAlias ? (key[0] ?? -1) : -1,
    key,
    isPlainKey: index.every(({ isPlain }) => isPlain),
  };
}

/** Whether a declared type makes a column one of floating point numbers (https://www.sqlite.org/datatype3.html, section 3.1). */
export function isRealType(type: string): boolean {
  const upper = type.toUpperCase();
  if (/INT|CHAR|CLOB|TEXT|BLOB/.test(upper)) return false;
  return /REAL|FLOA|DOUB/.test(upper);
}

/** Whether SQL, which is text, can express the name. */
export function canBeNamed(table: Table): boolean {
  return isUtf8(table.name);
}

/** A name for a table's rowid in a query; undefined if columns of these names hide it. */
export function rowidName({ hasRowid, columns }: Layout): string | undefined {
  const taken = new Set(columns.map(({ name }) => name.toLowerCase()));
  return hasRowid ? ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name)) : undefined;
}

/**
 * A query of all rows of a table, with the rowid before the columns if its name is given. It uses `SELECT *` under names of its own, except where
 * that would be more columns than SQLite allows.
 * @param sorted the rows will be sorted, and an index may help with that; otherwise they come in stored order
 * @throws BackupError DATABASE_DAMAGED
 */
export function rowsOf(table: Table, { columns }: Layout, rowid?: string, sorted = false): RowsQuery {
  if (!canBeNamed(table))
    throw damaged(DATABASE_FILE, `the name of table ${table.text} is not valid UTF-8, so SQL cannot express it`);
  const from = `main.${quoted(table.text)}${sorted ? '' : ' NOT INDEXED'}`;
  const extra = rowid === undefined ? [] : ['r'];
  if (columns.length + extra.length > MOST_COLUMNS)
    return { columns: [...(rowid === undefined ? [] : [rowid]), ...columns.map(({ name }) => quoted(name))], from };
  const names = [...extra, ...columns.map((_, index) => `c${index}`)];
  const all = rowid === undefined ? '*' : `${rowid}, *`;
  return { before: `WITH t(${names.join(', ')}) AS (SELECT ${all} FROM ${from})`, columns: names, from: 't' };
}

export function bytesOf(value: Value | undefined): Buffer {
  return value?.type === 'text' || value?.type === 'blob' ? value.value : Buffer.alloc(0);
}

export function integerOf(value: Value | undefined): bigint {
  return value?.type === 'integer' ? value.value : 0n;
}

/** The shell treats names as C strings, which end at a NUL. */
function untilNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}
