import path from 'node:path';
import zlib from 'node:zlib';
import { expect, test } from 'vitest';
import { bufferBytes } from '../../../src/core/databases/database-files.ts';
import { Table } from '../../../src/core/databases/leveldb/format/table.ts';
import { proveWithClassicLevel } from '../../../src/core/databases/leveldb/proof/proof.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import {
  block,
  COMPRESSION,
  LEVELDB_MAGIC,
  ROCKSDB_MAGIC,
  TableBuilder,
  writeDatabase,
  type DatabaseShape,
} from '../../support/leveldb/write-database.ts';
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

test.each(['zlib', 'deflate', 'zstd', 'zstd as type 3'] as const)(
  '%s blocks hold the same entries as raw ones',
  async (compression) => {
    const [raw, compressed] = [await read({}), await read({ compression })];
    expect(compressed).toMatchObject({ records: raw.records, digest: raw.digest });
    expect(compressed.blockKinds[compression === 'zstd as type 3' ? 'zstd' : compression]).toBe(3);
  },
);

const ZEROS = Buffer.alloc(257 << 20);
const FAST = { level: 1 };

test.each([
  ['zlib', 2, () => zlib.deflateSync(ZEROS, FAST)],
  ['zstd', 2, () => zlib.zstdCompressSync(ZEROS)],
  ['deflate', 4, () => zlib.deflateRawSync(ZEROS, FAST)],
] as const)('a %s block that expands without end is refused', (kind, type, compress) => {
  const builder = new TableBuilder();
  const handle = builder.add(ZEROS, { type, compress });
  const index = builder.add(block([[Buffer.alloc(9), handle]]), COMPRESSION.raw);
  const bytes = builder.finish(builder.add(block([]), COMPRESSION.raw), index, LEVELDB_MAGIC);
  expect(bytes.length).toBeLessThan(4 << 20);
  const refused = { code: 'DATABASE_DAMAGED', message: `a at byte 0: a ${kind} block expands to more than 256 MiB` };
  expect(() => new Table(bufferBytes(bytes), 'a').readBlock(0)).toThrow(expect.objectContaining(refused));
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
  ['a compression that nobody knows', { compression: 'unknown' }, 'a block has compression type 9'],
  ['a compression that others have', { compression: 'bzip2' }, 'a block has compression type 3 (bzip2 in RocksDB)'],
  ['an edit that only RocksDB writes', { extraEdit: Buffer.from([200, 1]) }, 'tag 200'],
])('%s is named as foreign', async (_, shape, why) => {
  await expect(read(shape)).rejects.toMatchObject({ code: 'DATABASE_FOREIGN', message: expect.stringContaining(why) });
});
