/** Parts of LevelDB files as arbitraries: whole in their framing, free in what they hold. */
import fc from 'fast-check';
import { LOG_BLOCK, LOG_HEADER } from '../../../src/core/databases/leveldb/format/log-format.ts';
import { bufferBytes, type DatabaseFiles } from '../../../src/core/databases/database-files.ts';
import { encodeVarint } from '../../../src/core/databases/leveldb/format/varint.ts';
import {
  block,
  COMPRESSION,
  LEVELDB_MAGIC,
  logRecord,
  slice,
  TableBuilder,
  type Packing,
} from '../../support/leveldb/write-database.ts';
import { damage } from './mutate.ts';

export const bytesUpTo = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));

/** A key as MANIFEST has it: now and then without room for its sequence number. */
export const anyKey = fc
  .tuple(bytesUpTo(12), fc.nat(99))
  .map(([key, number]) => (number === 0 ? key : Buffer.concat([key, Buffer.from([1, number, 0, 0, 0, 0, 0, 0])])));

/** A varint: small, at a limit, or too long. */
export const anyVarint = fc.oneof(
  fc.nat(300).map(encodeVarint),
  fc.maxSafeNat().map(encodeVarint),
  fc.constantFrom(0x7f, 0x80, 0xffff, 2 ** 31, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER).map(encodeVarint),
  fc.constantFrom(Buffer.alloc(9, 0xff), Buffer.from('ffffffffffffffffff01', 'hex'), Buffer.alloc(11, 0x80)),
);

/** A log of these records, split into fragments where a block ends (doc/log_format.md). */
export function logOf(records: readonly Buffer[]): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  const put = (bytes: Buffer): void => {
    parts.push(bytes);
    at += bytes.length;
  };
  for (const record of records) {
    for (let done = 0, first = true; first || done < record.length; first = false) {
      if (LOG_BLOCK - (at % LOG_BLOCK) < LOG_HEADER) put(Buffer.alloc(LOG_BLOCK - (at % LOG_BLOCK)));
      const part = record.subarray(done, done + LOG_BLOCK - (at % LOG_BLOCK) - LOG_HEADER);
      done += part.length;
      const last = done === record.length;
      put(logRecord(part, first ? (last ? 1 : 2) : last ? 4 : 3));
    }
  }
  return Buffer.concat(parts);
}

const sorted = fc
  .array(fc.tuple(anyKey, bytesUpTo(40)), { maxLength: 8 })
  .map((pairs) => block(pairs.toSorted(([a], [b]) => Buffer.compare(a, b))));
/** A block as LevelDB writes them, the same damaged, one with free lengths and counts, or noise. */
const anyBlock = fc.oneof(
  { weight: 3, arbitrary: sorted },
  fc.tuple(sorted, damage).map(([good, change]) => change(good)),
  fc
    .tuple(fc.array(fc.tuple(anyVarint, anyVarint, anyVarint, bytesUpTo(12)), { maxLength: 6 }), fc.nat(0xffff_ffff))
    .map(([entries, restarts]) => {
      const count = Buffer.alloc(4);
      count.writeUInt32LE(restarts % 3 === 0 ? restarts : restarts % 4);
      return Buffer.concat([...entries.flat(), Buffer.alloc(4 * (restarts % 4)), count]);
    }),
  bytesUpTo(200),
);

const kind = fc.constantFrom<keyof typeof COMPRESSION>('raw', 'zlib', 'zstd', 'deflate', 'unknown');
const asSaid = (type: number): Packing => ({ type, compress: (bytes) => bytes });
/** How a block is packed, and what its type says: mostly the same. */
const packing = fc.oneof(
  kind.map((name): Packing => COMPRESSION[name]),
  fc.constantFrom(asSaid(1), asSaid(2), asSaid(4)),
);

/** A table with right checksums, of any blocks; its index names them, or holds anything. */
export const anyTable = fc
  .record({
    blocks: fc.array(fc.tuple(anyBlock, packing), { maxLength: 4 }),
    keys: fc.array(bytesUpTo(24), { minLength: 4, maxLength: 4 }),
    oddIndex: fc.option(anyBlock, { freq: 4 }),
    oddMeta: fc.option(anyBlock, { freq: 4 }),
    oddHandle: fc.option(fc.tuple(anyVarint, anyVarint), { freq: 6 }),
  })
  .map(({ blocks, keys, oddIndex, oddMeta, oddHandle }) => {
    const table = new TableBuilder();
    const handles = blocks.map(([content, how]) => table.add(content, how));
    if (oddHandle !== null) handles.push(Buffer.concat(oddHandle));
    const index = block(handles.map((handle, at) => [keys[at] ?? Buffer.alloc(8), handle]));
    const meta = table.add(oddMeta ?? block([]), COMPRESSION.raw);
    const end = table.add(oddIndex ?? index, COMPRESSION.raw);
    return table.finish(meta.subarray(0, 20), end.subarray(0, 20), LEVELDB_MAGIC);
  });

/** One field of a MANIFEST record: tags that there are, and a few that there are not. */
export const anyField = fc
  .tuple(fc.oneof(fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 9), fc.nat(200)), fc.nat(7), anyVarint, anyVarint, bytesUpTo(20))
  .map(([tag, level, one, two, key]) => {
    const head = encodeVarint(tag);
    if (tag === 1) return Buffer.concat([head, slice(key)]);
    if (tag === 5) return Buffer.concat([head, encodeVarint(level), slice(key)]);
    if (tag === 6) return Buffer.concat([head, encodeVarint(level), one]);
    if (tag === 7) return Buffer.concat([head, encodeVarint(level), one, two, slice(key), slice(key.subarray(1))]);
    return Buffer.concat([head, one]);
  });

/** The start of every MANIFEST: comparator, log, next file and last sequence. */
export function manifestHead(log: number): Buffer {
  const comparator = slice(Buffer.from('leveldb.BytewiseComparator'));
  return Buffer.concat([Buffer.from([1]), comparator, ...[2, log, 9, 0, 3, 99, 4, 50].map(encodeVarint)]);
}

/** Files that are held in memory. */
export function heldDatabase(files: ReadonlyMap<string, Buffer>): DatabaseFiles {
  return {
    names: () => [...files.keys()],
    open: (name) => bufferBytes(files.get(name) ?? Buffer.alloc(0)),
  };
}
