import path from 'node:path';
import { expect, test } from 'vitest';
import { proveWithClassicLevel } from '../../../src/core/databases/leveldb/proof/proof.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { ROCKSDB_MAGIC, writeDatabase, type DatabaseShape } from '../../support/leveldb/write-database.ts';
import { flipBit } from '../../support/flip-bit.ts';
import { readFolder } from './read-folder.ts';

const PAIRS = Array.from({ length: 250 }, (_, at): [Buffer, Buffer] => [
  Buffer.from(`key-${String(at).padStart(4, '0')}`),
  Buffer.from(`value ${at} `.repeat(20)),
]);

async function read(shape: DatabaseShape): ReturnType<typeof readFolder> {
  using folder = tempFolder();
  writeDatabase(folder.path, PAIRS, shape);
  return await readFolder(folder.path);
}

test('a database written here is one that LevelDB reads as we do', async () => {
  using folder = tempFolder();
  writeDatabase(folder.path, PAIRS);
  const { records, digest } = await readFolder(folder.path);
  expect(records).toBe(250);
  expect(await proveWithClassicLevel(folder.path)).toEqual({ records, digest });
});

test.each(['zlib', 'deflate', 'zstd'] as const)('%s blocks hold the same entries as raw ones', async (compression) => {
  const [raw, compressed] = [await read({}), await read({ compression })];
  expect(compressed).toMatchObject({ records: raw.records, digest: raw.digest });
  expect(compressed.blockKinds[compression]).toBe(3);
});

test('another comparator: every checksum is checked, nothing is counted, damage is found all the same', async () => {
  const facts = await read({ comparator: 'idb_cmp1' });
  expect(facts).toMatchObject({ comparator: 'idb_cmp1', records: null, digest: null, tables: 1 });
  using folder = tempFolder();
  writeDatabase(folder.path, PAIRS, { comparator: 'idb_cmp1' });
  flipBit(path.join(folder.path, '000005.ldb'), 9000);
  await expect(readFolder(folder.path)).rejects.toMatchObject({ code: 'DATABASE_DAMAGED', path: '000005.ldb' });
});

test.each<[string, DatabaseShape, string]>([
  ['a table with RocksDB’s magic', { magic: ROCKSDB_MAGIC }, 'RocksDB'],
  ['a compression that nobody knows', { compression: 'unknown' }, 'type 9'],
  ['an edit that only RocksDB writes', { extraEdit: Buffer.from([200, 1]) }, 'tag 200'],
])('%s is named as foreign', async (_, shape, why) => {
  await expect(read(shape)).rejects.toMatchObject({ code: 'DATABASE_FOREIGN', message: expect.stringContaining(why) });
});
