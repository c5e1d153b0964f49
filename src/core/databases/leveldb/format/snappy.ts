import { ByteReader, DecodeError } from './varint.ts';

/** The raw Snappy format, after format_description.txt of github.com/google/snappy. LevelDB compresses blocks with it. */

/** The densest element is a three-byte copy of 64 bytes, so a block that claims to expand more than this is damaged. */
const MAX_EXPANSION = 64;

/** Copies within `out`; source and target may overlap, which repeats a pattern. */
function copyBack(out: Buffer, to: number, offset: number, length: number): void {
  if (offset >= length) {
    out.copyWithin(to, to - offset, to - offset + length);
    return;
  }
  for (let index = 0; index < length; index++) out[to + index] = out[to + index - offset] ?? 0;
}

function littleEndian(reader: ByteReader, bytes: number): number {
  let value = 0;
  for (let index = 0; index < bytes; index++) value += reader.byte() * 2 ** (8 * index);
  return value;
}

/**
 * Uncompresses one Snappy block, into `room` if it is large enough. Throws DecodeError if the bytes are not a Snappy block.
 * @returns a view of `room`, or a new buffer that may serve as room from then on
 */
export function uncompressSnappy(compressed: Buffer, room?: Buffer): Buffer {
  const reader = new ByteReader(compressed);
  const size = reader.varint();
  if (size > compressed.length * MAX_EXPANSION) throw new DecodeError('a Snappy block claims an impossible size');
  const out = room !== undefined && room.length >= size ? room.subarray(0, size) : Buffer.allocUnsafeSlow(size);
  let written = 0;
  while (!reader.done) {
    const tag = reader.byte();
    const kind = tag & 3;
    if (kind === 0) {
      const short = tag >> 2;
      const length = (short < 60 ? short : littleEndian(reader, short - 59)) + 1;
      if (length > size - written) throw new DecodeError('a Snappy literal is longer than its block');
      reader.take(length).copy(out, written);
      written += length;
      continue;
    }
    const length = kind === 1 ? 4 + ((tag >> 2) & 7) : (tag >> 2) + 1;
    const offset = kind === 1 ? ((tag >> 5) << 8) | reader.byte() : littleEndian(reader, kind === 2 ? 2 : 4);
    if (offset === 0 || offset > written || length > size - written) {
      throw new DecodeError('a Snappy copy reaches outside its block');
    }
    copyBack(out, written, offset, length);
    written += length;
  }
  if (written !== size) throw new DecodeError('a Snappy block is shorter than it claims');
  return out;
}
