import type { DatabaseSync } from 'node:sqlite';
import { damaged } from '../../damage.ts';
import type { DatabaseRecord } from '../../engine.ts';
import { DATABASE_FILE } from './page-file.ts';

/**
 * Sorts records if SQLite cannot sort the rows themselves. It uses a temporary table, stored where SQLite sorts. The table is in `temp`, so its name
 * cannot collide with a table of the database.
 * @param skip how many records to leave out at the beginning
 * @throws BackupError DATABASE_DAMAGED if two records have the same key
 */
export function* selfSorted(
  db: DatabaseSync,
  records: Iterable<DatabaseRecord>,
  skip: number,
): Generator<DatabaseRecord> {
  db.exec('CREATE TABLE temp.sorted(place BLOB PRIMARY KEY, name BLOB, content BLOB) WITHOUT ROWID');
  try {
    const add = db.prepare('INSERT OR IGNORE INTO temp.sorted VALUES (?, ?, ?)');
    db.exec('BEGIN');
    for (const { order, key, value } of records)
      if (add.run(order, key, value).changes === 0)
        throw damaged(DATABASE_FILE, `two rows have the key ${key.toString()}`);
    db.exec('COMMIT');
    const rows = db
      .prepare('SELECT place, name, content FROM temp.sorted ORDER BY place LIMIT -1 OFFSET ?')
      .iterate(skip);
    for (const { place, name, content } of rows) yield { order: bytes(place), key: bytes(name), value: bytes(content) };
  } finally {
    if (db.isTransaction) db.exec('ROLLBACK');
    db.exec('DROP TABLE IF EXISTS temp.sorted');
  }
}

function bytes(value: unknown): Buffer {
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : Buffer.alloc(0);
}
