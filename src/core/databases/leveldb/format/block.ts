import { DecodeError } from './varint.ts';

/** Entries of one table block, with their shared key prefixes, after table/block.cc of Google's LevelDB. */
export class BlockCursor {
  block: Buffer = Buffer.alloc(0);
  /** The whole key is its first `keyLength` bytes; the buffer is reused by `next()`. */
  key: Buffer = Buffer.allocUnsafeSlow(256);
  keyLength = 0;
  valueStart = 0;
  valueEnd = 0;
  #end = 0;

  /** Starts over at the beginning of an uncompressed block. */
  reset(block: Buffer): void {
    if (block.length < 4) throw new DecodeError('a block is shorter than its restart count');
    const end = block.length - 4 - 4 * block.readUInt32LE(block.length - 4);
    if (end < 0) throw new DecodeError('a block is shorter than its restart array');
    this.block = block;
    this.keyLength = 0;
    this.valueStart = 0;
    this.valueEnd = 0;
    this.#end = end;
  }

  /** Moves to the next entry; false at the end of the block. */
  next(): boolean {
    if (this.valueEnd >= this.#end) return false;
    this.#position = this.valueEnd;
    const shared = this.#varint32();
    const unshared = this.#varint32();
    const valueLength = this.#varint32();
    const start = this.#position;
    if (shared > this.keyLength || start + unshared + valueLength > this.#end) {
      throw new DecodeError('an entry reaches outside its block');
    }
    this.#growKey(shared, shared + unshared);
    const { key, block } = this;
    for (let index = 0; index < unshared; index++) key[shared + index] = block[start + index] ?? 0;
    this.keyLength = shared + unshared;
    this.valueStart = start + unshared;
    this.valueEnd = this.valueStart + valueLength;
    return true;
  }

  #position = 0;

  /** Decoded here and not by ByteReader, because this runs three times for every entry of a database. */
  #varint32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.block[this.#position++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new DecodeError('a length is longer than five bytes');
  }

  #growKey(keep: number, need: number): void {
    if (need <= this.key.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(need, this.key.length * 2));
    this.key.copy(larger, 0, 0, keep);
    this.key = larger;
  }
}
