import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { makeScratch } from '../../../src/core/databases/leveldb/proof/scratch.ts';
import { proveWithClassicLevel } from '../../../src/core/databases/leveldb/proof/proof.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { fillLevels, firstWith, makeDatabase, type Db } from './make-database.ts';
import { readFolder } from './read-folder.ts';

const FILLS: Record<string, (db: Db) => Promise<void>> = {
  empty: async () => undefined,
  'log only': async (db) => {
    await db.put(Buffer.from('a'), Buffer.from('1'));
    await db.put(Buffer.from('b'), Buffer.alloc(0));
    await db.del(Buffer.from('a'));
  },
  'several levels': fillLevels,
  'large values': async (db) => {
    await db.put(Buffer.from('large'), Buffer.alloc(20_000_000, 'x'));
    await db.put(Buffer.from('also'), Buffer.alloc(3_000_000, 7));
    await db.compactRange(Buffer.from('a'), Buffer.from('z'));
    await db.put(Buffer.from('in the log'), Buffer.alloc(5_000_000, 9));
  },
  'keys that are no text': async (db) => {
    for (const bytes of [[0xff], [0xff, 0xff], [0], [0, 0], [0xc3, 0x28], [0x80]]) {
      await db.put(Buffer.from(bytes), Buffer.from(bytes));
    }
  },
};

test.each(Object.keys(FILLS))('both readers agree: %s', async (kind) => {
  using folder = tempFolder();
  const dir = path.join(folder.path, 'db');
  await makeDatabase(dir, FILLS[kind] ?? fillLevels);
  const ours = await readFolder(dir);
  const scratch = path.join(folder.path, 'scratch');
  makeScratch(dir, scratch);
  expect({ records: ours.records, digest: ours.digest }).toEqual(await proveWithClassicLevel(scratch));
});

test('a real database: 28 entries, known digest', async (context) => {
  const fixtures = process.env['MIGBACKUP_FIXTURES'] ?? path.join(import.meta.dirname, '../../fixtures');
  const fixture = path.join(fixtures, 'lookcoin-leveldb');
  context.skip(!fs.existsSync(fixture), 'the fixture is not on this machine');
  using folder = tempFolder();
  const dir = path.join(folder.path, 'db');
  fs.cpSync(fixture, dir, { recursive: true });
  const facts = await readFolder(dir);
  expect(facts.records).toBe(28);
  expect(facts.digest).toBe('1f1822966ff50439abd4dad837601441bc2bece2df8d7ee86bd8833418bfa189');
});

test('a log that has lost its first record is damage: MANIFEST says which write comes next', async () => {
  using folder = tempFolder();
  await makeDatabase(folder.path, async (db) => {
    for (const key of ['a', 'b', 'c']) await db.put(Buffer.from(key), Buffer.from('1'));
  });
  const log = firstWith(folder.path, '.log');
  const bytes = fs.readFileSync(log);
  fs.writeFileSync(log, bytes.subarray(bytes.length / 3));
  await expect(readFolder(folder.path)).rejects.toMatchObject({
    code: 'DATABASE_DAMAGED',
    message: expect.stringContaining('sequence 2 follows 0: writes are missing'),
  });
});

test('a missing table and a missing log are damage that is named', async () => {
  using folder = tempFolder();
  await makeDatabase(folder.path, fillLevels);
  for (const extension of ['.ldb', '.log']) {
    const file = firstWith(folder.path, extension);
    const bytes = fs.readFileSync(file);
    fs.rmSync(file);
    await expect(readFolder(folder.path)).rejects.toMatchObject({
      code: 'DATABASE_DAMAGED',
      path: path.basename(file),
    });
    fs.writeFileSync(file, bytes);
  }
});
