import fs from 'node:fs';
import path from 'node:path';
import { ClassicLevel } from 'classic-level';

export type Db = ClassicLevel<Buffer, Buffer>;

/** Makes a database in `dir` with LevelDB and closes it. */
export async function makeDatabase(dir: string, fill: (db: Db) => Promise<void>): Promise<void> {
  const db: Db = new ClassicLevel<Buffer, Buffer>(dir, { keyEncoding: 'buffer', valueEncoding: 'buffer' });
  await db.open();
  await fill(db);
  await db.close();
}

/** Several levels and level-0 tables, overwrites and deletions across them, and a log on top. */
export async function fillLevels(db: Db): Promise<void> {
  for (let round = 0; round < 4; round++) {
    const batch = db.batch();
    for (let index = round; index < 3000; index += round + 1) {
      const key = Buffer.from(`key-${String(index).padStart(6, '0')}`);
      if (index % 11 === round) batch.del(key);
      else batch.put(key, Buffer.from(`round ${round} value ${index} `.repeat(1 + (index % 20))));
    }
    await batch.write();
    if (round < 3) await db.compactRange(Buffer.from('key-000000'), Buffer.from(`key-00${round + 1}000`));
  }
}

/** So many entries with values that compress about as well as real records do, in many batches. */
export async function fillMany(db: Db, entries: number, valueBytes: number): Promise<void> {
  const text = Array.from({ length: valueBytes }, (_, at) => ((at * at) % 251).toString(36)).join('');
  for (let begin = 0; begin < entries; begin += 2000) {
    const batch = db.batch();
    for (let at = begin; at < Math.min(begin + 2000, entries); at++) {
      // Scattered, so that tables of level 0 overlap and compactions merge them.
      const key = `key-${String((at * 7_919) % entries).padStart(9, '0')}`;
      batch.put(Buffer.from(key), Buffer.from(`${at}:${text}`.slice(0, valueBytes)));
    }
    await batch.write();
  }
}

export function firstWith(dir: string, extension: string): string {
  const name = fs.readdirSync(dir).find((candidate) => candidate.endsWith(extension));
  if (name === undefined) throw new Error(`no ${extension} in ${dir}`);
  return path.join(dir, name);
}
