import fs from 'node:fs';
import path from 'node:path';
import { ClassicLevel } from 'classic-level';
import type { Raced } from './race.ts';

export const LEVELDB: Raced = { place: 'leveldb', opener: 'leveldb-opener.ts', put, keysOf, within };

async function put(dir: string, prefix: string, count: number): Promise<void> {
  const db = new ClassicLevel(dir);
  await db.open();
  for (let begin = 0; begin < count; begin += 500) {
    const batch = db.batch();
    for (let at = begin; at < Math.min(begin + 500, count); at++)
      batch.put(`${prefix}:${String(at).padStart(5, '0')}`, `value ${at}`);
    await batch.write();
  }
  await db.close();
}

function within(folder: string): string[] {
  const names = fs.statSync(folder).isDirectory() ? fs.readdirSync(folder) : [];
  const below = names.flatMap((name) => within(path.join(folder, name)));
  return names.includes('CURRENT') ? [folder, ...below] : below;
}

async function keysOf(folder: string): Promise<string[] | string> {
  const copy = fs.mkdtempSync(path.join(path.dirname(folder), 'copy-'));
  try {
    fs.cpSync(folder, copy, { recursive: true });
    const db = new ClassicLevel(copy, { createIfMissing: false });
    try {
      await db.open();
      return await db.keys().all();
    } finally {
      await db.close();
    }
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return cause instanceof Error ? cause.message : String(cause);
  } finally {
    fs.rmSync(copy, { recursive: true });
  }
}
