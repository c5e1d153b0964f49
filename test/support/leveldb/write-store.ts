/** Writes stores byte by byte, for what LevelDB itself does not write here: other compressions, comparators, engines. */
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { crc32c, maskCrc } from '../../../src/core/sources/leveldb/crc32c.ts';
import { encodeVarint } from '../../../src/core/sources/leveldb/varint.ts';

export const LEVELDB_MAGIC = 0xdb47_7524_8b80_fb57n;
export const ROCKSDB_MAGIC = 0x88e2_41b7_85f4_cff7n;

/** The type byte of a block and how its bytes are made. */
export const COMPRESSION = {
  raw: { type: 0, compress: (bytes: Buffer) => bytes },
  zlib: { type: 2, compress: (bytes: Buffer) => zlib.deflateSync(bytes) },
  zstd: { type: 2, compress: (bytes: Buffer) => zlib.zstdCompressSync(bytes) },
  deflate: { type: 4, compress: (bytes: Buffer) => zlib.deflateRawSync(bytes) },
  unknown: { type: 9, compress: (bytes: Buffer) => bytes },
} as const;

export interface StoreShape {
  readonly compression?: keyof typeof COMPRESSION;
  readonly comparator?: string;
  readonly magic?: bigint;
  /** Bytes after the MANIFEST's last edit. */
  readonly extraEdit?: Buffer;
}

type Pair = readonly [key: Buffer, value: Buffer];

/** One record of a log or MANIFEST; the payload must fit a block. */
export function logRecord(payload: Buffer, type = 1): Buffer {
  const body = Buffer.concat([Buffer.from([type]), payload]);
  const header = Buffer.alloc(6);
  header.writeUInt32LE(maskCrc(crc32c(body)), 0);
  header.writeUInt16LE(payload.length, 4);
  return Buffer.concat([header, body]);
}

const slice = (bytes: Buffer): Buffer => Buffer.concat([encodeVarint(bytes.length), bytes]);

function internalKey(key: Buffer, sequence: number): Buffer {
  const trailer = Buffer.alloc(8);
  trailer.writeBigUInt64LE((BigInt(sequence) << 8n) | 1n);
  return Buffer.concat([key, trailer]);
}

/** A block without shared prefixes: every entry is a restart. */
function block(pairs: readonly Pair[]): Buffer {
  const restarts: number[] = [];
  const parts: Buffer[] = [];
  let length = 0;
  for (const [key, value] of pairs) {
    restarts.push(length);
    const head = [0, key.length, value.length].map(encodeVarint);
    const entry = Buffer.concat([...head, key, value]);
    parts.push(entry);
    length += entry.length;
  }
  if (restarts.length === 0) restarts.push(0);
  const tail = Buffer.alloc(4 * (restarts.length + 1));
  restarts.forEach((restart, index) => tail.writeUInt32LE(restart, 4 * index));
  tail.writeUInt32LE(restarts.length, 4 * restarts.length);
  return Buffer.concat([...parts, tail]);
}

class TableBuilder {
  readonly #parts: Buffer[] = [];
  #length = 0;

  /** Returns the handle. */
  add(content: Buffer, { type, compress }: (typeof COMPRESSION)[keyof typeof COMPRESSION]): Buffer {
    const body = Buffer.concat([compress(content), Buffer.from([type])]);
    const crc = Buffer.alloc(4);
    crc.writeUInt32LE(maskCrc(crc32c(body)));
    const handle = Buffer.concat([encodeVarint(this.#length), encodeVarint(body.length - 1)]);
    this.#parts.push(body, crc);
    this.#length += body.length + 4;
    return handle;
  }

  finish(metaindex: Buffer, index: Buffer, magic: bigint): Buffer {
    const footer = Buffer.alloc(48);
    Buffer.concat([metaindex, index]).copy(footer);
    footer.writeBigUInt64LE(magic, 40);
    return Buffer.concat([...this.#parts, footer]);
  }
}

/** A closed store of one table, 000005.ldb, that holds `pairs` in the order given, and an empty log. */
export function writeStore(dir: string, pairs: readonly Pair[], shape: StoreShape = {}): void {
  const { compression = 'raw', comparator = 'leveldb.BytewiseComparator', magic = LEVELDB_MAGIC } = shape;
  const keyed = pairs.map(([key, value], at): Pair => [internalKey(key, at + 1), value]);
  const table = new TableBuilder();
  const index: Pair[] = [];
  for (let at = 0; at < keyed.length; at += 100) {
    const some = keyed.slice(at, at + 100);
    index.push([some.at(-1)?.[0] ?? Buffer.alloc(8), table.add(block(some), COMPRESSION[compression])]);
  }
  const metaindex = table.add(block([]), COMPRESSION.raw);
  const bytes = table.finish(metaindex, table.add(block(index), COMPRESSION.raw), magic);
  const [smallest, largest] = [keyed[0]?.[0] ?? Buffer.alloc(8), keyed.at(-1)?.[0] ?? Buffer.alloc(8)];
  const edit = Buffer.concat([
    Buffer.from([1]),
    slice(Buffer.from(comparator)),
    ...[2, 6, 9, 0, 3, 7, 4, pairs.length].map(encodeVarint),
    ...[7, 1, 5, bytes.length].map(encodeVarint),
    slice(smallest),
    slice(largest),
    shape.extraEdit ?? Buffer.alloc(0),
  ]);
  fs.mkdirSync(dir, { recursive: true });
  fs.writeFileSync(path.join(dir, '000005.ldb'), bytes);
  fs.writeFileSync(path.join(dir, '000006.log'), '');
  fs.writeFileSync(path.join(dir, 'MANIFEST-000004'), logRecord(edit));
  fs.writeFileSync(path.join(dir, 'CURRENT'), 'MANIFEST-000004\n');
}
