import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { STORED_PARTS } from '../../support/sqlite/make-sqlite.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import type { Raced } from './race.ts';

/** A SQLite database; in WAL mode its last changes are in its `-wal`, as whoever is killed leaves it. */
export function sqlite(mode: 'wal' | 'delete'): Raced {
  return {
    place: 'deployments/app.db',
    opener: 'sqlite-opener.ts',
    put: (file, prefix, count) => put(file, mode, prefix, count),
    keysOf: (file) => Promise.resolve(keysOf(file)),
    within,
  };
}

function put(file: string, mode: string, prefix: string, count: number): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA journal_mode = ${mode}; PRAGMA wal_autocheckpoint = 0; CREATE TABLE IF NOT EXISTS t (key TEXT PRIMARY KEY, value TEXT);
    WITH RECURSIVE c (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM c WHERE i + 1 < ${count})
    INSERT INTO t SELECT printf('${prefix}:%05d', i), 'value ' || i FROM c;`);
  const parts = STORED_PARTS.filter((part) => fs.existsSync(file + part));
  for (const part of parts) fs.copyFileSync(file + part, `${file}.copy${part}`);
  database.close();
  for (const part of parts) fs.renameSync(`${file}.copy${part}`, file + part);
}

function within(native: string): string[] {
  if (fs.statSync(native).isDirectory())
    return fs.readdirSync(native).flatMap((name) => within(path.join(native, name)));
  return fs.readFileSync(native).subarray(0, 15).toString('latin1') === 'SQLite format 3' ? [native] : [];
}

/** The keys of a copy of it, or what SQLite has against it. */
function keysOf(file: string): string[] | string {
  using folder = tempFolder();
  const copy = path.join(folder.path, 'copy.db');
  for (const part of STORED_PARTS) if (fs.existsSync(file + part)) fs.copyFileSync(file + part, copy + part);
  const database = new DatabaseSync(copy);
  try {
    const [check] = database.prepare('PRAGMA integrity_check').all();
    if (check?.['integrity_check'] !== 'ok') return String(check?.['integrity_check']);
    const [table] = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 't'").all();
    return table === undefined
      ? []
      : database
          .prepare('SELECT key FROM t')
          .all()
          .map(({ key }) => String(key));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    database.close();
  }
}
