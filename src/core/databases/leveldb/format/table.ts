import zlib from 'node:zlib';
import { BlockCursor } from './block.ts';
import { crc32c, unmaskCrc } from './crc32c.ts';
import { damaged, foreign } from '../../damage.ts';
import { readAhead, type RandomAccess } from '../../database-files.ts';
import { uncompressSnappy } from './snappy.ts';
import { ByteReader, DecodeError } from './varint.ts';

/** A sorted table and its blocks, after doc/table_format.md, table/format.cc and table/table.cc of Google's LevelDB. */

const FOOTER = 48;
/** compression type (u8) and masked crc32c of block and type (u32le) */
const BLOCK_TRAILER = 5;
const LEVELDB_MAGIC = 0xdb47_7524_8b80_fb57n;
const ROCKSDB_MAGICS = new Set([0x88e2_41b7_85f4_cff7n, 0x8242_2296_63bf_9564n, 0x9267_89d0_c5f1_7873n]);
const ZSTD_FRAME = 0xfd2f_b528;
const WINDOW = 256 * 1024;
/** How far a block may expand, in MiB. A block is as long as its longest value needs; a few bytes that expand without end are not a value. */
const MAX_BLOCK_MIB = 256;

/**
 * How the bytes of a block are compressed. Type 2 is zlib in Bedrock's LevelDB and zstd since LevelDB 1.24, 3 is zstd in some others; type 4 is
 * Bedrock's raw deflate.
 */
export type BlockKind = 'raw' | 'snappy' | 'zlib' | 'zstd' | 'deflate';
export type BlockKinds = Partial<Record<BlockKind, number>>;

interface BlockHandle {
  readonly offset: number;
  readonly size: number;
}

function readHandle(reader: ByteReader): BlockHandle {
  return { offset: reader.varint(), size: reader.varint() };
}

/** Other programs that write tables with LevelDB's magic number take their types from RocksDB (include/rocksdb/compression_type.h). */
const TYPES_OF_ROCKSDB: Readonly<Record<number, string>> = { 3: 'bzip2', 5: 'LZ4HC', 6: 'XPRESS', 7: 'zstd' };

function kindOf(type: number, content: Buffer): BlockKind | null {
  const isZstd = content.length >= 4 && content.readUInt32LE(0) === ZSTD_FRAME;
  switch (type) {
    case 0:
      return 'raw';
    case 1:
      return 'snappy';
    case 2:
      return isZstd ? 'zstd' : 'zlib';
    case 3:
      return isZstd ? 'zstd' : null;
    case 4:
      return 'deflate';
    default:
      return null;
  }
}

function uncompress(kind: BlockKind, content: Buffer, room: Buffer): Buffer {
  try {
    return expand(kind, content, room);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new DecodeError(`a ${kind} block expands to more than ${MAX_BLOCK_MIB} MiB`);
  }
}

/** Throws RangeError (ERR_BUFFER_TOO_LARGE) if a block expands beyond the limit. */
function expand(kind: BlockKind, content: Buffer, room: Buffer): Buffer {
  const limits = { maxOutputLength: MAX_BLOCK_MIB << 20 };
  switch (kind) {
    case 'raw':
      return content;
    case 'snappy':
      return uncompressSnappy(content, room);
    case 'zlib':
      return zlib.inflateSync(content, limits);
    case 'zstd':
      return zlib.zstdDecompressSync(content, limits);
    case 'deflate':
      return zlib.inflateRawSync(content, limits);
    default:
      return kind satisfies never;
  }
}

/** One table. Every block that is read is checked against its CRC; only the index is kept. */
export class Table {
  readonly name: string;
  /** Blocks read so far, by kind. */
  readonly kinds: BlockKinds;
  readonly #bytes: RandomAccess;
  readonly #blocks: readonly BlockHandle[];
  /** Blocks are uncompressed here one after another: with a new buffer for each, a large database made hundreds of megabytes of garbage. */
  #room: Buffer = Buffer.alloc(0);

  /**
   * Opens a table: reads and checks the footer, the index, the metaindex and what that points to (a filter).
   * @param kinds counts blocks by kind; shared between the tables of a database
   */
  constructor(file: RandomAccess, name: string, kinds: BlockKinds = {}) {
    this.name = name;
    this.kinds = kinds;
    this.#bytes = readAhead(file, WINDOW);
    if (file.size < FOOTER) throw damaged(name, 'it is shorter than a table’s footer', 0);
    const footer = file.read(file.size - FOOTER, FOOTER);
    const magic = footer.length === FOOTER ? footer.readBigUInt64LE(FOOTER - 8) : 0n;
    if (ROCKSDB_MAGICS.has(magic)) throw foreign(name, 'the table is RocksDB’s');
    if (magic !== LEVELDB_MAGIC) throw damaged(name, 'it does not end as a table does', file.size - 8);
    const [metaindex, index] = this.#decode(file.size - FOOTER, () => {
      const reader = new ByteReader(footer, 0, FOOTER - 8);
      const handles = [readHandle(reader), readHandle(reader)] as const;
      if (reader.take(reader.end - reader.position).some((byte) => byte !== 0)) {
        throw damaged(name, 'the padding of the footer is not empty', file.size - FOOTER);
      }
      return handles;
    });
    for (const handle of this.#handlesIn(metaindex)) this.#rawBlock(handle);
    this.#blocks = this.#handlesIn(index);
  }

  /** Number of data blocks. */
  get blocks(): number {
    return this.#blocks.length;
  }

  /** The uncompressed data block `index`, its CRC checked; valid until the next block is read. */
  readBlock(index: number): Buffer {
    const handle = this.#blocks[index];
    if (handle === undefined) throw new RangeError(`${this.name} has no block ${index}`);
    return this.#block(handle);
  }

  /** Checks the CRC of every data block without uncompressing it. */
  checkBlocks(): void {
    for (const handle of this.#blocks) this.#rawBlock(handle);
  }

  /** Runs a decoder of the block `index`. What it throws is reported as damage there. */
  decodeBlock<T>(index: number, decode: () => T): T {
    return this.#decode(this.#blocks[index]?.offset ?? 0, decode);
  }

  #decode<T>(offset: number, decode: () => T): T {
    try {
      return decode();
    } catch (error) {
      if (error instanceof Error && error.name === 'BackupError') throw error;
      throw damaged(this.name, error instanceof Error ? error.message : String(error), offset, error);
    }
  }

  #rawBlock(handle: BlockHandle): { readonly kind: BlockKind; readonly content: Buffer } {
    const { offset, size } = handle;
    if (offset + size + BLOCK_TRAILER > this.#bytes.size)
      throw damaged(this.name, 'a block reaches past the end', offset);
    const bytes = this.#bytes.read(offset, size + BLOCK_TRAILER);
    if (bytes.length < size + BLOCK_TRAILER) throw damaged(this.name, 'a block could not be read whole', offset);
    if (crc32c(bytes, 0, size + 1) !== unmaskCrc(bytes.readUInt32LE(size + 1))) {
      throw damaged(this.name, 'the checksum of a block does not match', offset);
    }
    const type = bytes.readUInt8(size);
    const content = bytes.subarray(0, size);
    const kind = kindOf(type, content);
    if (kind === null) {
      const named = TYPES_OF_ROCKSDB[type];
      const as = named === undefined ? '' : ` (${named} in RocksDB)`;
      throw foreign(this.name, `a block has compression type ${type}${as}`);
    }
    this.kinds[kind] = (this.kinds[kind] ?? 0) + 1;
    return { kind, content };
  }

  #block(handle: BlockHandle): Buffer {
    const { kind, content } = this.#rawBlock(handle);
    const block = this.#decode(handle.offset, () => uncompress(kind, content, this.#room));
    if (kind === 'snappy' && block.length > this.#room.length) this.#room = block;
    return block;
  }

  /** The handles that an index or metaindex block holds as values. */
  #handlesIn(handle: BlockHandle): BlockHandle[] {
    const block = this.#block(handle);
    return this.#decode(handle.offset, () => {
      const handles: BlockHandle[] = [];
      const cursor = new BlockCursor();
      cursor.reset(block);
      while (cursor.next()) handles.push(readHandle(new ByteReader(block, cursor.valueStart, cursor.valueEnd)));
      return handles;
    });
  }
}
