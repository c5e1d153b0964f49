/** Writes databases byte by byte, for what LevelDB itself does not write here: other compressions, comparators, engines. */
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { crc32c, maskCrc } from '../../../src/core/databases/leveldb/format/crc32c.ts';
import { encodeVarint } from '../../../src/core/databases/leveldb/format/varint.ts';

export const LEVELDB_MAGIC = 0xdb47_7524_8b80_fb57n;
export const ROCKSDB_MAGIC = 0x88e2_41b7_85f4_cff7n;

/** The type byte of a block and how its bytes are made. */
export const COMPRESSION = {
  raw: { type: 0, compress: (bytes: Buffer) => bytes },
  zlib: { type: 2, compress: (bytes: Buffer) => zlib.deflateSync(bytes) },
  zstd: { type: 2, compress: (bytes: Buffer) => zlib.zstdCompressSync(bytes) },
  'zstd as type 3': { type: 3, compress: (bytes: Buffer) => zlib.zstdCompressSync(bytes) },
  deflate: { type: 4, compress: (bytes: Buffer) => zlib.deflateRawSync(bytes) },
  bzip2: { type: 3, compress: (bytes: Buffer) => bytes },
  unknown: { type: 9, compress: (bytes: Buffer) => bytes },
} as const;

export interface DatabaseShape {
  readonly compression?: keyof typeof COMPRESSION;
  readonly comparator?: string;
  readonly magic?: bigint;
  /** How many tables the pairs are spread over; 1 if not given. */
  readonly tables?: number;
  /** How many entries each log holds, which are not in `pairs`: `log-0`, `log-1` and so on; one empty log if not given. */
  readonly logs?: readonly number[];
  /** Bytes after the MANIFEST's last edit. */
  readonly extraEdit?: Buffer;
}

export type Pair = readonly [key: Buffer, value: Buffer];

/** One record of a log or MANIFEST; the payload must fit a block. */
export function logRecord(payload: Buffer, type = 1): Buffer {
  const body = Buffer.concat([Buffer.from([type]), payload]);
  const header = Buffer.alloc(6);
  header.writeUInt32LE(maskCrc(crc32c(body)), 0);
  header.writeUInt16LE(payload.length, 4);
  return Buffer.concat([header, body]);
}

/** Bytes behind their length. */
export const slice = (bytes: Buffer): Buffer => Buffer.concat([encodeVarint(bytes.length), bytes]);

function internalKey(key: Buffer, sequence: number): Buffer {
  const trailer = Buffer.alloc(8);
  trailer.writeBigUInt64LE((BigInt(sequence) << 8n) | 1n);
  return Buffer.concat([key, trailer]);
}

/** A block without shared prefixes: every entry is a restart. */
export function block(pairs: readonly Pair[]): Buffer {
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

/** What a block says it is, and what is done to it. */
export interface Packing {
  readonly type: number;
  readonly compress: (bytes: Buffer) => Buffer;
}

/** The blocks of a table, one after another; `finish` adds the footer. */
export class TableBuilder {
  readonly #parts: Buffer[] = [];
  #length = 0;

  /** Returns the handle. */
  add(content: Buffer, { type, compress }: Packing): Buffer {
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

/** A log of batches with one entry each. */
function encodeLog(first: number, entries: number, sequence: number): Buffer {
  const records = Array.from({ length: entries }, (_, at) => {
    const header = Buffer.alloc(12);
    header.writeBigUInt64LE(BigInt(sequence + at), 0);
    header.writeUInt32LE(1, 8);
    const [key, value] = [`log-${first + at}`, `value ${first + at}`].map((text) => slice(Buffer.from(text)));
    return logRecord(Buffer.concat([header, Buffer.from([1]), key ?? Buffer.alloc(0), value ?? Buffer.alloc(0)]));
  });
  return Buffer.concat(records);
}

/** A closed database of level-1 tables from 000005.ldb on that hold `pairs`, in the order given, and of logs. */
export function writeDatabase(dir: string, pairs: readonly Pair[], shape: DatabaseShape = {}): void {
  const { comparator = 'leveldb.BytewiseComparator', tables = 1 } = shape;
  const keyed = pairs.map(([key, value], at): Pair => [internalKey(key, at + 1), value]);
  const share = Math.ceil(keyed.length / tables);
  fs.mkdirSync(dir, { recursive: true });
  const added: Buffer[] = [];
  for (let table = 0; table < tables; table++) {
    const mine = keyed.slice(table * share, (table + 1) * share);
    const bytes = encodeTable(mine, shape);
    fs.writeFileSync(path.join(dir, `${String(5 + table).padStart(6, '0')}.ldb`), bytes);
    const [smallest, largest] = [mine[0]?.[0] ?? Buffer.alloc(8), mine.at(-1)?.[0] ?? Buffer.alloc(8)];
    added.push(...[7, 1, 5 + table, bytes.length].map(encodeVarint), slice(smallest), slice(largest));
  }
  const log = 5 + tables;
  const numbers = [2, log, 9, 0, 3, log + 1, 4, pairs.length].map(encodeVarint);
  const head = [Buffer.from([1]), slice(Buffer.from(comparator)), ...numbers];
  const edit = Buffer.concat([...head, ...added, shape.extraEdit ?? Buffer.alloc(0)]);
  let written = 0;
  for (const [at, entries] of (shape.logs ?? [0]).entries()) {
    const bytes = encodeLog(written, entries, pairs.length + written + 1);
    fs.writeFileSync(path.join(dir, `${String(log + at).padStart(6, '0')}.log`), bytes);
    written += entries;
  }
  fs.writeFileSync(path.join(dir, 'MANIFEST-000004'), logRecord(edit));
  fs.writeFileSync(path.join(dir, 'CURRENT'), 'MANIFEST-000004\n');
}

function encodeTable(keyed: readonly Pair[], { compression = 'raw', magic = LEVELDB_MAGIC }: DatabaseShape): Buffer {
  const table = new TableBuilder();
  const index: Pair[] = [];
  for (let at = 0; at < keyed.length; at += 100) {
    const some = keyed.slice(at, at + 100);
    index.push([some.at(-1)?.[0] ?? Buffer.alloc(8), table.add(block(some), COMPRESSION[compression])]);
  }
  const metaindex = table.add(block([]), COMPRESSION.raw);
  return table.finish(metaindex, table.add(block(index), COMPRESSION.raw), magic);
}
