import fs from 'node:fs';
import path from 'node:path';
import { ClassicLevel } from 'classic-level';

export type Db = ClassicLevel<Buffer, Buffer>;

/** Makes a store in `dir` with LevelDB and closes it. */
export async function makeStore(dir: string, fill: (db: Db) => Promise<void>): Promise<void> {
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

export function firstWith(dir: string, extension: string): string {
  const name = fs.readdirSync(dir).find((candidate) => candidate.endsWith(extension));
  if (name === undefined) throw new Error(`no ${extension} in ${dir}`);
  return path.join(dir, name);
}
