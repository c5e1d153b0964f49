import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { scanLog } from '../../src/core/databases/leveldb/format/log-format.ts';
import { bufferBytes } from '../../src/core/databases/database-files.ts';
import { readDatabase, type DatabaseFacts } from '../../src/core/databases/leveldb/format/reader.ts';
import { makeDatabase } from '../databases/leveldb/make-database.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { answersLater, cases, TIMEOUT_MS, watch } from './support/fuzz.ts';
import { heldDatabase, logOf } from './support/leveldb-parts.ts';
import { damage } from './support/mutate.ts';

const tick = watch();

let good: ReadonlyMap<string, Buffer>;
let truth: DatabaseFacts;
let logName: string;

/** Tables of two levels, written over, and a log of many records, one of them longer than a block. */
beforeAll(async () => {
  using folder = tempFolder();
  await makeDatabase(folder.path, async (db) => {
    // Nothing lies in the range that is compacted: what is in memory becomes a table, and the others stay.
    for (let round = 0; round < 3; round++) {
      for (let at = round; at < 400; at += round + 1)
        await db.put(Buffer.from(`key-${at}`), Buffer.from(`round ${round} of ${at} `.repeat(at % 9)));
      if (round < 2) await db.compactRange(Buffer.from('x'), Buffer.from('y'));
      await db.del(Buffer.from(`key-${round * 7}`));
    }
    await db.put(Buffer.from('long'), Buffer.alloc(70_000, 'long'));
    await db.put(Buffer.from('last'), Buffer.from('put'));
  });
  const names = readdirSync(folder.path).filter((name) => !['LOCK', 'LOG', 'LOG.old'].includes(name));
  good = new Map(names.map((name) => [name, readFileSync(path.join(folder.path, name))]));
  truth = await readDatabase(heldDatabase(good));
  logName = names.find((name) => name.endsWith('.log')) ?? '';
  expect(truth).toMatchObject({ tables: 2, logs: 1, tailState: 'clean' });
});

/**
 * What is read is what was written. If it is less, that shows in what is said of it: a torn tail, or a last sequence number that is not the
 * one of the whole database, as where a log was cut between two records.
 */
async function expectTruth(files: ReadonlyMap<string, Buffer>): Promise<boolean> {
  tick();
  const facts = await answersLater(() => readDatabase(heldDatabase(files)));
  if (facts === null) return false;
  const shown = facts.tailState !== 'clean' || facts.lastSequence < truth.lastSequence;
  if (!shown) expect(facts).toMatchObject({ digest: truth.digest, records: truth.records });
  return true;
}

test('files with any damage are read as they were, or named', { timeout: TIMEOUT_MS }, async () => {
  const hits = fc.array(fc.tuple(fc.nat(), damage), { minLength: 1, maxLength: 2 });
  await fc.assert(
    fc.asyncProperty(hits, async (changes) => {
      const files = new Map(good);
      for (const [which, change] of changes) {
        const name = [...good.keys()][which % good.size] ?? '';
        files.set(name, change(files.get(name) ?? Buffer.alloc(0)));
      }
      await expectTruth(files);
    }),
    cases(40, 2500),
  );
});

test('a file that is gone, empty, or another file of the database is named', { timeout: TIMEOUT_MS }, async () => {
  const names = [...good.keys()];
  for (const name of names) {
    for (const put of [null, Buffer.alloc(0), ...good.values()]) {
      const files = new Map(good);
      if (put === null) files.delete(name);
      else files.set(name, put);
      await expectTruth(files);
    }
  }
});

test('whole records of the log dropped, doubled or in another order are missed', { timeout: TIMEOUT_MS }, async () => {
  const records: Buffer[] = [];
  scanLog(bufferBytes(good.get(logName) ?? Buffer.alloc(0)), (record) => void records.push(Buffer.from(record)));
  expect(records.length).toBeGreaterThan(20);
  const place = fc.nat(records.length - 1);
  const move = fc.record({ from: place, count: fc.integer({ min: 1, max: 5 }), to: place, stays: fc.boolean() });
  const files = (list: readonly Buffer[]): Map<string, Buffer> => new Map([...good, [logName, logOf(list)]]);
  expect(await expectTruth(files(records))).toBe(true);
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 1, maxLength: 3 }), fc.boolean(), async (moves, drop) => {
      let list = records;
      for (const { from, count, to, stays } of moves) {
        const taken = list.slice(from, from + count);
        const rest = stays ? list : list.toSpliced(from, count);
        list = drop ? rest : rest.toSpliced(to, 0, ...taken);
      }
      await expectTruth(files(list));
    }),
    cases(20, 1500),
  );
});
