import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { makeScratch } from '../../../src/core/sources/leveldb/scratch.ts';
import { proveWithClassicLevel } from '../../../src/core/sources/leveldb/proof.ts';
import { folderFiles, readStore, type StoreFacts } from '../../../src/core/sources/leveldb/reader.ts';
import { maskCrc, crc32c } from '../../../src/core/sources/leveldb/crc32c.ts';
import { encodeVarint } from '../../../src/core/sources/leveldb/varint.ts';
import { SeededRandom } from '../../stress/leveldb/model.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { fillLevels, firstWith, makeStore, type Db } from './make-store.ts';

async function readFolder(dir: string): Promise<StoreFacts> {
  const files = folderFiles(dir);
  try {
    return await readStore(files);
  } finally {
    files.close();
  }
}

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
  await makeStore(dir, FILLS[kind] ?? fillLevels);
  const ours = await readFolder(dir);
  const scratch = path.join(folder.path, 'scratch');
  makeScratch(dir, scratch);
  expect({ entries: ours.entries, digest: ours.digest }).toEqual(await proveWithClassicLevel(scratch));
});

test('a real database: 28 entries, known digest', async (context) => {
  const fixtures = process.env['MIGBACKUP_FIXTURES'] ?? path.join(import.meta.dirname, '../../fixtures');
  const fixture = path.join(fixtures, 'lookcoin-leveldb');
  context.skip(!fs.existsSync(fixture), 'the fixture is not on this machine');
  using folder = tempFolder();
  const dir = path.join(folder.path, 'db');
  fs.cpSync(fixture, dir, { recursive: true });
  const facts = await readFolder(dir);
  expect(facts.entries).toBe(28);
  expect(facts.digest).toBe('1f1822966ff50439abd4dad837601441bc2bece2df8d7ee86bd8833418bfa189');
});

test('finds every single flipped bit in a table', async () => {
  using folder = tempFolder();
  await makeStore(folder.path, fillLevels);
  const random = new SeededRandom(1);
  const tables = fs.readdirSync(folder.path).filter((name) => name.endsWith('.ldb'));
  const missed: string[] = [];
  for (let flip = 0; flip < 120; flip++) {
    const file = path.join(folder.path, tables[random.next() % tables.length] ?? '');
    const good = fs.readFileSync(file);
    const bad = Buffer.from(good);
    const at = random.next() % bad.length;
    bad[at] = (bad[at] ?? 0) ^ (1 << (random.next() % 8));
    fs.writeFileSync(file, bad);
    const seen = await readFolder(folder.path).then(
      () => false,
      () => true,
    );
    if (!seen) missed.push(`${file} ${at}`);
    fs.writeFileSync(file, good);
  }
  expect(missed).toEqual([]);
});

test('a foreign comparator: CRCs are checked, nothing is counted', async () => {
  using folder = tempFolder();
  const name = Buffer.from('idb_cmp1');
  const edit = Buffer.concat([Buffer.from([1]), encodeVarint(name.length), name, Buffer.from([2, 0, 3, 2, 4, 0])]);
  const body = Buffer.concat([Buffer.from([1]), edit]);
  const header = Buffer.alloc(6);
  header.writeUInt32LE(maskCrc(crc32c(body)), 0);
  header.writeUInt16LE(edit.length, 4);
  fs.writeFileSync(path.join(folder.path, 'MANIFEST-000001'), Buffer.concat([header, body]));
  fs.writeFileSync(path.join(folder.path, 'CURRENT'), 'MANIFEST-000001\n');
  expect(await readFolder(folder.path)).toMatchObject({ comparator: 'idb_cmp1', entries: null, digest: null });
});

test('a missing table and a missing log are damage that is named', async () => {
  using folder = tempFolder();
  await makeStore(folder.path, fillLevels);
  for (const extension of ['.ldb', '.log']) {
    const file = firstWith(folder.path, extension);
    const bytes = fs.readFileSync(file);
    fs.rmSync(file);
    await expect(readFolder(folder.path)).rejects.toMatchObject({ code: 'LEVELDB_DAMAGED', path: path.basename(file) });
    fs.writeFileSync(file, bytes);
  }
});
