import { isUtf8 } from 'node:buffer';
import type { DatabaseSync } from 'node:sqlite';
import { TreeWalk } from './tree.ts';
import { damaged } from '../../damage.ts';
import { DATABASE_FILE, type PageFile } from './page-file.ts';
import { quoted, type RowsQuery, sqlRows, type Value } from './sql-rows.ts';

const MOST_COLUMNS = 2000;

export interface Column {
  readonly name: string;
  /** Where its value is among those that are stored; -1: nowhere, it is computed. */
  readonly stored: number;
  /** Stored integers are read as floating point numbers. */
  readonly isReal: boolean;
}

/** A table that has rows of its own. */
export interface Table {
  /** UTF-8 as it stands in the schema; it need not be valid. */
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
  /** False: WITHOUT ROWID. */
  readonly hasRowid: boolean;
  /** The column that is another name of the rowid; -1: none. */
  readonly alias: number;
  /** The columns of the primary key in its order. */
  readonly key: readonly number[];
  /** WITHOUT ROWID: whether the rows lie in the order of their keys as `KeyWriter` has it, with no collation and nothing descending. */
  readonly isPlainKey: boolean;
}

/** Every table of the schema, in the order in which the shell goes through them. The schema itself is among them, with root 1. */
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
 * How a table's rows are stored; null: SQLite knows no table of this name. It asks by pragmas that are functions, since a name that is not valid UTF-8 cannot
 * stand in a PRAGMA. They are looked for in `temp`, where a database has no table: one of its own that is called as a pragma would answer instead.
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

/** Whether a name can stand in SQL, which is text. */
export function canBeNamed(table: Table): boolean {
  return isUtf8(table.name);
}

/** A name by which a table's rowid can be asked for: a column of that name hides it. */
export function rowidName({ hasRowid, columns }: Layout): string | undefined {
  const taken = new Set(columns.map(({ name }) => name.toLowerCase()));
  return hasRowid ? ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name)) : undefined;
}

/**
 * A query of all rows of a table, with the rowid before the columns where it is asked for by its name. It needs no name of a column, but where that would be
 * more columns than SQLite has.
 * @param sorted the rows will be sorted, for which an index may serve; otherwise they come as they lie
 * @throws BackupError DATABASE_DAMAGED
 */
export function rowsOf(table: Table, { columns }: Layout, rowid?: string, sorted = false): RowsQuery {
  if (!canBeNamed(table))
    throw damaged(DATABASE_FILE, `the name of table ${table.text} is not valid UTF-8, and cannot be said to SQLite`);
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

/** The shell takes names for strings of C. */
function untilNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}
