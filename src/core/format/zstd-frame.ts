import zlib from 'node:zlib';
import { freeMemory } from './buffer-memory.ts';

const ZSTD_MAGIC = 0xfd2fb528;
/** The window that RFC 8878 (3.1.1.1.2) asks every decoder to support. Our frames hold 1 MiB and need no more. */
const MAX_WINDOW_BYTES = 8 << 20;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8];
const CHECKSUM_BYTES = 4;

/**
 * Why these bytes are not exactly one zstd frame that we can decompress, or null if they are. It walks the frame block by block without decompressing
 * it (RFC 8878, 3.1.1), because decoders silently accept a second frame or anything else after the first.
 */
export function frameProblem(raw: Buffer): string | null {
  if (raw.length < 6 || raw.readUInt32LE(0) !== ZSTD_MAGIC) return 'is not a zstd frame';
  const descriptor = raw.readUInt8(4);
  const singleSegment = (descriptor & 0x20) !== 0;
  if ((descriptor & 4) === 0) return 'has no checksum';
  if ((descriptor & 3) !== 0) return 'needs a dictionary';
  if (!singleSegment && windowBytes(raw.readUInt8(5)) > MAX_WINDOW_BYTES) return 'needs too large a window';
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 && singleSegment ? 1 : (CONTENT_SIZE_BYTES[sizeFlag] ?? 0);
  let at = 5 + (singleSegment ? 0 : 1) + sizeBytes;
  for (let last = false; !last;) {
    if (at + 3 > raw.length) return 'ends early';
    const block = raw.readUIntLE(at, 3);
    last = (block & 1) === 1;
    // A block of type 1 repeats one byte, and its size is that of the content.
    at += 3 + (((block >> 1) & 3) === 1 ? 1 : block >> 3);
  }
  at += CHECKSUM_BYTES;
  if (at > raw.length) return 'ends early';
  return at === raw.length ? null : `has ${raw.length - at} bytes after its end`;
}

/** The size of a window from its Window_Descriptor: 5 bits of exponent, 3 bits of mantissa. */
function windowBytes(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

/**
 * Compresses `content` on libuv's pool to one zstd frame that states its size and has a checksum. The frame does not share its memory.
 *
 * `zlib.zstdCompress` would copy the frame once more: a frame always comes in two parts, what zstd writes on the way and what is left at the end.
 * Here the parts are next to each other in memory, so nothing has to be copied.
 * @param likely a number of bytes that the frame will hardly exceed. With less room, the main thread is called back each time it is full
 */
export function compressFrame(content: Buffer, level: number, likely: number): Promise<Buffer> {
  const { ZSTD_c_checksumFlag, ZSTD_c_compressionLevel } = zlib.constants;
  const params = { [ZSTD_c_compressionLevel]: level, [ZSTD_c_checksumFlag]: 1 };
  const stream = zlib.createZstdCompress({ params, pledgedSrcSize: content.length, chunkSize: Math.ceil(likely) });
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    stream.on('data', (part: Buffer) => parts.push(part));
    stream.on('error', reject);
    stream.on('end', () => {
      stream.close();
      resolve(joined(parts));
    });
    stream.end(content);
  });
}

function joined(parts: readonly Buffer[]): Buffer {
  const [first] = parts;
  if (first === undefined) return Buffer.alloc(0);
  let end = first.byteOffset;
  for (const { buffer, byteOffset, length } of parts) {
    if (buffer !== first.buffer || byteOffset !== end) return copied(parts);
    end += length;
  }
  return Buffer.from(first.buffer, first.byteOffset, end - first.byteOffset);
}

function copied(parts: readonly Buffer[]): Buffer {
  const whole = Buffer.concat(parts);
  for (const part of parts) freeMemory(part);
  return whole;
}
