/** One frame of a framed file. */
export interface Frame {
  /** Where the compressed frame begins in the file. */
  readonly position: number;
  readonly compressedSize: number;
  /** The size of its content, in bytes. */
  readonly size: number;
}

/** Bytes of the tar stream (or of the index) in one frame; the last may have fewer. */
export const PIECE_BYTES = 1 << 20;

const SKIPPABLE_MAGIC = 0x184d2a5e;
const SEEKABLE_MAGIC = 0x8f92eab1;
const FOOTER_BYTES = 9;
const HEADER_BYTES = 8;
const ROW_BYTES = 8;
/** Enough for 4 TiB of content. The table takes 32 MiB of memory then. */
const MAX_FRAMES = 1 << 22;
/** zstd adds 1 byte for every 256 that it cannot compress. The rest is room for other writers. */
const MAX_COMPRESSED_BYTES = PIECE_BYTES + (PIECE_BYTES >> 6);

/** The table that ends a framed file. Follows facebook/zstd contrib/seekable_format (no per-frame checksums: frames carry their own). */
export function encodeSeekTable(frames: readonly Pick<Frame, 'compressedSize' | 'size'>[]): Buffer {
  const table = Buffer.alloc(HEADER_BYTES + frames.length * ROW_BYTES + FOOTER_BYTES);
  table.writeUInt32LE(SKIPPABLE_MAGIC, 0);
  table.writeUInt32LE(table.length - HEADER_BYTES, 4);
  let at = HEADER_BYTES;
  for (const frame of frames) {
    table.writeUInt32LE(frame.compressedSize, at);
    table.writeUInt32LE(frame.size, at + 4);
    at += ROW_BYTES;
  }
  table.writeUInt32LE(frames.length, at);
  table.writeUInt8(0, at + 4);
  table.writeUInt32LE(SEEKABLE_MAGIC, at + 5);
  return table;
}

/** The size of the table at the end, read from the file's last 9 bytes, or what is wrong with them. */
export function seekTableSize(footer: Buffer, fileSize: number): { size: number } | { problem: string } {
  if (footer.length !== FOOTER_BYTES || footer.readUInt32LE(5) !== SEEKABLE_MAGIC)
    return { problem: 'there is no seek table at the end' };
  if (footer.readUInt8(4) !== 0) return { problem: 'the seek table has an unknown descriptor' };
  const frames = footer.readUInt32LE(0);
  const size = HEADER_BYTES + frames * ROW_BYTES + FOOTER_BYTES;
  if (frames > MAX_FRAMES || size > fileSize)
    return { problem: `the seek table lists ${frames} frames, which is more than fit` };
  return { size };
}

/** The frames that a whole table describes, or what is wrong with it. They must fill the file, and all but the last must be full pieces. */
export function parseSeekTable(table: Buffer, fileSize: number): { frames: Frame[] } | { problem: string } {
  if (table.readUInt32LE(0) !== SKIPPABLE_MAGIC || table.readUInt32LE(4) !== table.length - HEADER_BYTES) {
    return { problem: 'the seek table has a wrong head' };
  }
  const count = (table.length - HEADER_BYTES - FOOTER_BYTES) / ROW_BYTES;
  const frames: Frame[] = [];
  let position = 0;
  for (let at = HEADER_BYTES; frames.length < count; at += ROW_BYTES) {
    const compressedSize = table.readUInt32LE(at);
    const size = table.readUInt32LE(at + 4);
    const last = frames.length === count - 1;
    if (size > PIECE_BYTES || size === 0 || (!last && size !== PIECE_BYTES)) {
      return { problem: `the seek table says that frame ${frames.length + 1} has ${size} bytes` };
    }
    if (compressedSize > MAX_COMPRESSED_BYTES)
      return { problem: `the seek table says that frame ${frames.length + 1} has ${compressedSize} compressed bytes` };
    frames.push({ position, compressedSize, size });
    position += compressedSize;
  }
  if (position !== fileSize - table.length)
    return {
      problem: `the frames in the seek table take ${position} bytes, but the file has ${fileSize - table.length}`,
    };
  return { frames };
}

export const SEEK_FOOTER_BYTES = FOOTER_BYTES;
