import type { DatabaseSync } from 'node:sqlite';
import { BackupError } from '../../../model/backup-error.ts';
import { asDamage, type OpenCopy } from './copy.ts';
import { bytesOf, canBeNamed, integerOf, type Table, tablesOf } from './layout.ts';
import { notHere } from './not-here.ts';
import type { PageFile } from './page-file.ts';
import { quoted, sqlRows } from './sql-rows.ts';
import { checkTree } from './tree.ts';

const MOST_LINES = 100;
const VIRTUAL = "type = 'table' AND coalesce(rootpage, 0) = 0";

/** What a check found and what it left out; each is a sentence or a line. Lines that do not come from integrity_check say where they come from. */
export interface Soundness {
  readonly integrity: string[];
  readonly notChecked: string[];
}

/**
 * The lines of `PRAGMA integrity_check`; no line means that the database is sound. The check would run the modules of virtual tables. To prevent
 * that, SQLite's copy of the schema in memory names a module that does not exist, for as long as this copy is open. The change is rolled back, so the
 * file stays as it is.
 */
export function checkIntegrity(copy: OpenCopy): Soundness {
  const { db, file } = copy;
  try {
    checkIndexTrees(db, file);
    const hasVirtual = db.prepare(`SELECT 1 FROM main.sqlite_schema WHERE ${VIRTUAL} LIMIT 1`).get() !== undefined;
    return hasVirtual ? withoutModules(db, () => checkAll(copy)) : checkAll(copy);
  } catch (error) {
    const why = asDamage(error);
    if (!(why instanceof BackupError && why.code === 'DATABASE_DAMAGED')) throw why;
    const line = error instanceof Error && error !== why ? `SQLite: ${error.message}` : ours(why.message);
    return { integrity: [line], notChecked: [] };
  }
}

/** Marks a line that does not come from SQLite. */
export function ours(line: string): string {
  return `migbackup: ${line}`;
}

function checkAll(copy: OpenCopy): Soundness {
  try {
    return { integrity: linesOf(copy.db, String(MOST_LINES)), notChecked: [] };
  } catch (error) {
    if (notHere(error) === null) throw error;
    return checkTables(copy);
  }
}

/** Checks each table separately. Tables that need something only the application has are left out. */
function checkTables({ db, file }: OpenCopy): Soundness {
  const integrity: string[] = [];
  const notChecked: string[] = [];
  for (const table of tablesOf(db, file)) {
    try {
      if (canBeNamed(table)) integrity.push(...linesOf(db, quoted(table.text)));
      else notChecked.push(leftOut(table, 'SQL cannot express its name'));
    } catch (error) {
      const why = notHere(error);
      if (why === null) throw error;
      notChecked.push(leftOut(table, why));
    }
  }
  return { integrity, notChecked: [...notChecked, 'Pages that belong to no table are not checked by SQLite.'] };
}

const leftOut = (table: Table, why: string): string =>
  `Table ${table.text} and its indexes are not checked by SQLite: ${why}.`;

/** Walks the trees of all indexes, or of one table's, because SQLite would never end if their pages form a cycle. @throws BackupError DATABASE_DAMAGED */
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
    // This makes SQLite read the schema again, and turns the setting off.
    db.exec('PRAGMA writable_schema = RESET');
    return run();
  } finally {
    db.exec('ROLLBACK');
  }
}

/** @param what the name of a table, or the limit of lines for the whole database */
function linesOf(db: DatabaseSync, what: string): string[] {
  const statement = db.prepare(`PRAGMA main.integrity_check(${what})`);
  const lines = statement.all().map((row) => String(Object.values(row)[0]));
  return lines.length === 1 && lines[0] === 'ok' ? [] : lines.slice(0, MOST_LINES);
}

/** A sentence for each virtual table whose content is not in tables of the database, as far as can be told. */
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
