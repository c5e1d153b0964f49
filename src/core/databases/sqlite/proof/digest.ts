import { BackupError } from '../../../model/backup-error.ts';
import { plural } from '../../../model/plural.ts';
import { ContentHash } from './content-hash.ts';
import { asDamage, type OpenCopy } from './copy.ts';
import { hashQuery, hashTable, type Source } from './hash-table.ts';
import { canBeNamed, layoutOf, type Table, tablesOf } from './layout.ts';
import { notHere } from './not-here.ts';
import { quoted } from './sql-rows.ts';
import { checkTree } from './tree.ts';

/** What was read of the tables. */
export interface Content {
  /** The number of rows that could be read, by the name of the table as `stated` writes it. */
  readonly tables: Record<string, number>;
  /** SHA3-256 in hex; null if something could not be read. */
  readonly digest: string | null;
  /** What could not be read, and why; each is a sentence. */
  readonly unread: string[];
  /** The entries of `unread` that are about the pages. SQLite itself must not read such trees. */
  readonly tangled: string[];
}

/** SQLite's internal tables that the shell reads in a special order. The text of the query is part of what is hashed. */
const ORDERED: Readonly<Record<string, { readonly columns: readonly string[]; readonly from: string }>> = {
  sqlite_schema: { columns: ['type', 'name', 'tbl_name', 'sql'], from: 'sqlite_schema ORDER BY name' },
  sqlite_sequence: { columns: ['name', 'seq'], from: 'sqlite_sequence ORDER BY name' },
  sqlite_stat1: { columns: ['tbl', 'idx', 'stat'], from: 'sqlite_stat1 ORDER BY tbl,idx' },
};
const STAT4 = {
  columns: ['tbl', 'idx', 'neq', 'nlt', 'ndlt', 'sample'],
  from: 'sqlite_stat4 ORDER BY tbl, idx, rowid',
};

interface Query {
  readonly table: Table;
  /** Exactly as the shell writes it. */
  readonly sql: Buffer;
  readonly ordered: { readonly columns: readonly string[]; readonly from: string } | null;
}

/**
 * Reads all content in the order of `.sha3sum --sha3-256 --schema` of the sqlite3 shell (src/shell.c.in), which hashes for each table, by its name, the
 * query and its rows. Versions 3.40 to 3.53 of the shell do the same here.
 */
export async function readContent(
  copy: OpenCopy,
  signal: AbortSignal | undefined,
  withheld: string | undefined,
): Promise<Content> {
  const source: Source = { db: copy.db, file: copy.file, signal, withheld };
  const hash = new ContentHash();
  const tables = new Map<string, number>();
  const unread: string[] = [];
  const tangled: string[] = [];
  let query: Query | null = null;
  let between = '';
  for (const table of tablesOf(copy.db, copy.file)) {
    try {
      query = queryOf(table) ?? query;
      const rows = query === null ? 0 : await addQuery(source, query, between, hash);
      between = query?.ordered === STAT4 ? '\n' : '';
      // The schema is no table of its own.
      if (table.root !== 1) tables.set(stated(table.text), query?.table === table ? rows : countFirst(source, table));
    } catch (error) {
      const why = asDamage(error);
      if (why instanceof BackupError && why.code !== 'DATABASE_DAMAGED') throw why;
      const reason = notHere(error) ?? (why instanceof Error ? why.message : String(why));
      unread.push(`Table ${table.text} cannot be read: ${reason}.`);
      if (error instanceof BackupError) tangled.push(...unread.slice(-1));
    }
  }
  return { tables: Object.fromEntries(tables), digest: unread.length === 0 ? hash.finish() : null, unread, tangled };
}

async function addQuery(source: Source, query: Query, between: string, hash: ContentHash): Promise<number> {
  const { table, sql, ordered } = query;
  hash.statement(Buffer.concat([Buffer.from(between), sql]));
  if (ordered !== null) {
    // SQLite sorts this table before it returns a row, and would never return if the pages form a cycle.
    checkTree(source.file, table.root);
    return hashQuery(source, ordered, hash);
  }
  const layout = layoutOf(source.db, source.file, table);
  if (layout === null) throw new Error('SQLite knows no table of this name');
  const rows = await hashTable(source, table, layout, hash);
  if (!canBeNamed(table)) return rows;
  const counted = countOrNull(source, table) ?? rows;
  if (counted !== rows) throw new Error(`SQLite counts ${plural(counted, 'row')}, but ${rows} were read`);
  return rows;
}

function countFirst(source: Source, table: Table): number {
  checkTree(source.file, table.root);
  return count(source, table);
}

/** Only for a table whose tree has been walked before: if its pages form a cycle, SQLite would never return. */
function count({ db }: Source, table: Table): number {
  return Number(db.prepare(`SELECT count(*) AS n FROM main.${quoted(table.text)} NOT INDEXED`).get()?.['n']);
}

/**
 * How the facts name a table. Our reader of manifests refuses the key `__proto__`, so that name gets a backslash in front. A name that already has
 * backslashes in front of `__proto__` gets one more, so that all names stay different.
 */
function stated(name: string): string {
  return /^\\*__proto__$/.test(name) ? `\\${name}` : name;
}

/** Null if SQLite cannot count the rows because it does not know a collation. */
function countOrNull(source: Source, table: Table): number | null {
  try {
    return count(source, table);
  } catch (error) {
    if (notHere(error) === null) throw error;
    return null;
  }
}

/** Null if the shell has no query for the table: it then hashes the query before once more. */
function queryOf(table: Table): Query | null {
  const name = table.lower.toString('latin1');
  if (!name.startsWith('sqlite_')) return { table, sql: selectAll(table), ordered: null };
  const ordered = ORDERED[name];
  if (ordered !== undefined)
    return { sql: Buffer.from(`SELECT ${ordered.columns.join(',')} FROM ${ordered.from};`), ordered, table };
  return name === 'sqlite_stat4' ? { sql: Buffer.from(`SELECT * FROM ${STAT4.from};`), ordered: STAT4, table } : null;
}

function selectAll({ lower }: Table): Buffer {
  const name = lower.toString('latin1').replaceAll('"', '""');
  return Buffer.from(`SELECT * FROM "${name}" NOT INDEXED;`, 'latin1');
}
