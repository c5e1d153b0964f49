import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { tempFolder } from '../temp-folder.ts';

export const JOURNAL_MODES = ['delete', 'truncate', 'persist', 'memory', 'off', 'wal'] as const;
export type JournalMode = (typeof JOURNAL_MODES)[number];

/** A table `t` of `id` and `v`, so many rows of it, each with this text. */
export function makeSqlite(file: string, { mode = 'delete', rows = 300, text = 'old' }: MakeOptions = {}): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const database = new DatabaseSync(file);
  fill(database, { mode, rows, text });
  database.close();
}

interface MakeOptions {
  readonly mode?: JournalMode;
  readonly rows?: number;
  readonly text?: string;
}

function fill(database: DatabaseSync, { mode, rows, text }: Required<MakeOptions>): void {
  database.exec(`PRAGMA journal_mode = ${mode}; PRAGMA wal_autocheckpoint = 0;
    CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, pad TEXT);
    WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < ${rows})
    INSERT INTO t SELECT i, '${text}', hex(randomblob(100)) FROM c;`);
}

/** What of a database is stored and restored. */
export const STORED_PARTS = ['', '-wal', '-journal'];

/**
 * The same with its last change in a `-wal` beside it, as whoever was killed leaves it: every third row has another text. What was there before
 * makes way.
 */
export function makeSqliteWithWal(file: string, options: { readonly rows: number; readonly text: string }): void {
  for (const part of [...STORED_PARTS, '-shm']) fs.rmSync(file + part, { force: true });
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const database = new DatabaseSync(file);
  fill(database, { mode: 'wal', ...options });
  database.exec(`PRAGMA wal_checkpoint(TRUNCATE); UPDATE t SET v = '${options.text} in wal' WHERE id % 3 = 0;`);
  for (const part of ['', '-wal']) fs.copyFileSync(file + part, `${file}.copy${part}`);
  database.close();
  for (const part of ['', '-wal']) fs.renameSync(`${file}.copy${part}`, file + part);
}

/** How often each text stands in `t`, or what SQLite says against the file. */
export function textsIn(file: string): string {
  const database = new DatabaseSync(file);
  try {
    const rows = database.prepare('SELECT v, count(*) AS n FROM t GROUP BY v ORDER BY v').all();
    const [check] = database.prepare('PRAGMA integrity_check').all();
    return `${String(check?.['integrity_check'])}: ${rows.map(({ v, n }) => `${String(n)} ${String(v)}`).join(', ')}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    database.close();
  }
}

/** The same of a database that is not opened, since that would change what lies beside it: a copy in `parent` is. */
export function textsInCopy(file: string, parent?: string): string {
  using folder = tempFolder('migbackup-look-', parent);
  const copy = path.join(folder.path, 'copy.db');
  for (const part of STORED_PARTS) if (fs.existsSync(file + part)) fs.copyFileSync(file + part, copy + part);
  return textsIn(copy);
}
