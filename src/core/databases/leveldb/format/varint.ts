/** Variable-length integers and length-prefixed slices, after util/coding.cc of Google's LevelDB. */

const MAX_VARINT_BYTES = 10;

/** The bytes do not decode. A caller that knows the file turns this into a BackupError that names it. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

/** Reads integers and slices one after another from a buffer; throws DecodeError when the bytes run out. */
export class ByteReader {
  readonly bytes: Buffer;
  readonly end: number;
  position: number;

  constructor(bytes: Buffer, position = 0, end = bytes.length) {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
  }

  get done(): boolean {
    return this.position >= this.end;
  }

  byte(): number {
    const value = this.position < this.end ? this.bytes[this.position] : undefined;
    if (value === undefined) throw new DecodeError('the bytes end inside a value');
    this.position += 1;
    return value;
  }

  /** An unsigned varint of at most 2^53 - 1. LevelDB allows larger ones, but they never occur, since these are file numbers and sizes. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let index = 0; index < MAX_VARINT_BYTES; index++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) throw new DecodeError('an integer is larger than 2^53');
        return value;
      }
      scale *= 128;
    }
    throw new DecodeError('an integer is longer than ten bytes');
  }

  /** A view of the next `length` bytes. */
  take(length: number): Buffer {
    if (length > this.end - this.position) throw new DecodeError('a slice is longer than the bytes that hold it');
    const slice = this.bytes.subarray(this.position, this.position + length);
    this.position += length;
    return slice;
  }

  /** A view of a slice that carries its length before it. */
  slice(): Buffer {
    return this.take(this.varint());
  }
}

/** Encodes an unsigned varint; the inverse of `ByteReader.varint`. */
export function encodeVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}
