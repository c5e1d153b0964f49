import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, afterAll, expect, test } from 'vitest';
import { SeededRandom } from '../../stress/leveldb/model.ts';
import { amount } from '../../support/effort.ts';
import { flipBit } from '../../support/flip-bit.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { fillLevels, firstWith, makeDatabase } from './make-database.ts';
import { readFolder } from './read-folder.ts';

const folder = tempFolder();
const dir = folder.path;
const random = new SeededRandom(1);

beforeAll(async () => {
  await makeDatabase(dir, async (db) => {
    await fillLevels(db);
    for (let at = 0; at < 300; at++) await db.put(Buffer.from(`late-${at}`), Buffer.alloc(at * 2, 'v'));
  });
});
afterAll(() => folder[Symbol.dispose]());

/** Flips one random bit `count` times in `files`, below `end(file)`, and returns the flips that the reader did not report. */
async function missedFlips(count: number, files: readonly string[], end: (file: string) => number): Promise<string[]> {
  const missed: string[] = [];
  for (let flip = 0; flip < count; flip++) {
    const file = files[random.next() % files.length] ?? '';
    const [byte, bit] = [random.next() % end(file), random.next() % 8];
    flipBit(file, byte, bit);
    const seen = await readFolder(dir).then(
      () => false,
      (error: Error & { code?: string; path?: string }) =>
        /^DATABASE_(DAMAGED|FOREIGN)$/.test(error.code ?? '') && error.path !== undefined,
    );
    if (!seen) missed.push(`${path.basename(file)} byte ${byte} bit ${bit}`);
    flipBit(file, byte, bit);
  }
  return missed;
}

const all = (extension: string): string[] =>
  fs.readdirSync(dir).flatMap((name) => (name.endsWith(extension) ? [path.join(dir, name)] : []));
const whole = (file: string): number => fs.statSync(file).size;

test('every flipped bit in a table is reported', { timeout: 300_000 }, async () => {
  expect(await missedFlips(amount(60, 400), all('.ldb'), whole)).toEqual([]);
});

test('every flipped bit in a log before its last record is reported', { timeout: 300_000 }, async () => {
  expect(await missedFlips(amount(40, 100), all('.log'), (log) => whole(log) - 630)).toEqual([]);
});

test('every flipped bit in MANIFEST is reported', { timeout: 300_000 }, async () => {
  const manifest = path.join(dir, fs.readFileSync(firstWith(dir, 'CURRENT'), 'latin1').trim());
  expect(await missedFlips(amount(25, 50), [manifest], whole)).toEqual([]);
});
