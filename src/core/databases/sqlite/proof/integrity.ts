import type { DatabaseSync } from 'node:sqlite';
import { asDamage, type OpenCopy } from './copy.ts';
import { sqlRows } from './sql-rows.ts';
import { bytesOf, integerOf, type Table } from './layout.ts';
import type { PageFile } from './page-file.ts';
import { checkTree } from './tree.ts';

const MOST_LINES = 100;
const VIRTUAL = "type = 'table' AND coalesce(rootpage, 0) = 0";

/**
 * What `PRAGMA integrity_check` says; none: the database is sound. It would run the modules of virtual tables, so that the schema that SQLite holds
 * names a module that is not there, for as long as this copy is open: that change is taken back, so that the copy stays what it is.
 */
export function checkIntegrity({ db, file }: OpenCopy): string[] {
  try {
    checkIndexTrees(db, file);
    const hasVirtual = db.prepare(`SELECT 1 FROM main.sqlite_schema WHERE ${VIRTUAL} LIMIT 1`).get() !== undefined;
    if (hasVirtual) return withoutModules(db, () => linesOf(db));
    return linesOf(db);
  } catch (error) {
    const why = asDamage(error);
    if (why instanceof Error && 'code' in why && why.code === 'DATABASE_DAMAGED') return [why.message];
    throw why;
  }
}

/** Goes through the trees of all indexes, or of one table's: SQLite would go round in a ring of pages. @throws BackupError DATABASE_DAMAGED */
export function checkIndexTrees(db: DatabaseSync, file: PageFile, table?: Table): void {
  const of =
    table === undefined ? '' : ` AND tbl_name = (SELECT name FROM main.sqlite_schema WHERE rowid = ${table.rowid})`;
  const rows = sqlRows(db, file.encoding, {
    columns: ['rootpage'],
    from: `main.sqlite_schema WHERE type = 'index' AND coalesce(rootpage, 0) > 1${of}`,
  });
  for (const [root] of rows) checkTree(file, Number(integerOf(root)));
}

function withoutModules<T>(db: DatabaseSync, run: () => T): T {
  db.exec('PRAGMA writable_schema = ON; BEGIN');
  try {
    db.exec(
      `UPDATE main.sqlite_schema SET sql = 'CREATE VIRTUAL TABLE "' || replace(name, '"', '""') || '" USING no_module' WHERE ${VIRTUAL}`,
    );
    // Reads the schema again, and is off afterwards.
    db.exec('PRAGMA writable_schema = RESET');
    return run();
  } finally {
    db.exec('ROLLBACK');
  }
}

function linesOf(db: DatabaseSync): string[] {
  const statement = db.prepare(`PRAGMA integrity_check(${MOST_LINES})`);
  const lines = statement.all().map((row) => String(Object.values(row)[0]));
  return lines.length === 1 && lines[0] === 'ok' ? [] : lines.slice(0, MOST_LINES);
}

/** Virtual tables whose content is not in tables of the database, as far as can be told: each a sentence. */
export function virtualTables({ db, file }: OpenCopy): string[] {
  const rows = sqlRows(db, file.encoding, { columns: ['name', 'sql'], from: `main.sqlite_schema WHERE ${VIRTUAL}` });
  return [...rows].flatMap(([name, sql]) => {
    const module = /\bUSING\s+"?(\w+)/i.exec(bytesOf(sql).toString())?.[1] ?? 'unknown';
    if (IN_TABLES.has(module.toLowerCase())) return [];
    return [
      `Table ${bytesOf(name).toString()} is virtual (module ${module}): no module is run, and its rows are not read.`,
    ];
  });
}

/** Modules that keep all they have in tables of the database, which are read. */
const IN_TABLES = new Set(['fts3', 'fts4', 'fts5', 'rtree', 'rtree_i32', 'geopoly']);
