import zlib from 'node:zlib';
import { freeMemory } from './buffer-memory.ts';

/**
 * `content` as one zstd frame with its size and a checksum, compressed on libuv's pool. The frame has its memory to itself.
 *
 * As `zlib.zstdCompress`, which copies the frame once more: it always comes in two parts, what zstd writes as it goes and what it has left at the
 * end. They lie in one row, so nothing has to be copied.
 * @param likely bytes that the frame will hardly exceed: with too little room the main thread is called back each time it is full
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
