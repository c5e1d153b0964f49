import { damaged } from '../../damage.ts';
import { DATABASE_FILE, type PageFile } from './page-file.ts';
import type { Cell } from './tree.ts';

/** A record up to this size is assembled in memory. The values of a longer one are read in pieces. */
const ASSEMBLED = 1024 * 1024;
/** SQLite's own limit for a record and for a value. */
const MAX_RECORD = 0x7fffffff;

/** Serial types (fileformat2.html, section 2.1). From `BLOB` on: even numbers are BLOBs, odd ones TEXT. */
export const NULL = 0;
export const FLOAT = 7;
export const ZERO = 8;
export const ONE = 9;
export const BLOB = 12;

/** Bytes of a value of this serial type. */
export function sizeOfType(type: number): number {
  if (type >= BLOB) return Math.floor((type - BLOB) / 2);
  if (type <= 4) return type;
  if (type === 5) return 6;
  return type <= FLOAT ? 8 : 0;
}

/** One stored row, decoded far enough to know where each value is. One object serves all rows of a table. */
export class StoredRow {
  /** The two halves of the rowid, 0 in an index. */
  rowidHigh = 0;
  rowidLow = 0;
  /** The number of stored values. Columns that were added later may have none. */
  count = 0;
  types: Float64Array = new Float64Array(64);
  /** From the start of the record. */
  offsets: Float64Array = new Float64Array(64);
  /** The bytes that `offsets` count in, from `base` on, unless `isLong`. */
  bytes: Buffer = Buffer.alloc(0);
  base = 0;
  isLong = false;

  readonly #file: PageFile;
  readonly #isTable: boolean;
  #assembled: Buffer = Buffer.alloc(0);
  #size = 0;
  #local: Buffer = Buffer.alloc(0);
  /** The pages in which a long record continues. */
  #chain: Uint32Array = new Uint32Array(0);
  #next = 0;

  constructor(file: PageFile, isTable: boolean) {
    this.#file = file;
    this.#isTable = isTable;
  }

  get rowid(): bigint {
    return (BigInt(this.rowidHigh) << 32n) | BigInt(this.rowidLow >>> 0);
  }

  /** @throws BackupError DATABASE_DAMAGED */
  decode({ page, at }: Cell): void {
    this.#size = this.#varint(page, at);
    if (this.#isTable) this.#rowid(page, this.#next);
    if (this.#size > MAX_RECORD) throw damaged(DATABASE_FILE, `a record says that it has ${this.#size} bytes`);
    const start = this.#next;
    const local = this.#localSize();
    if (start + local > this.#file.usable) throw damaged(DATABASE_FILE, 'a record reaches past the end of its page');
    this.isLong = false;
    this.bytes = page;
    this.base = start;
    if (local < this.#size) this.#goOn(page, start, local);
    this.#header();
  }

  /** The bytes of a value, or a part of them, as a view of the record or a copy. */
  slice(offset: number, length: number): Buffer {
    if (!this.isLong) return this.bytes.subarray(this.base + offset, this.base + offset + length);
    const copy = Buffer.allocUnsafeSlow(length);
    let done = 0;
    for (const piece of this.pieces(offset, length)) done += piece.copy(copy, done);
    return copy;
  }

  /** The bytes of a long record in pieces. Each is a view that is valid until the next. */
  *pieces(offset: number, length: number): Generator<Buffer> {
    const each = this.#file.usable - 4;
    const local = this.#local.length;
    let at = offset;
    const end = offset + length;
    if (at < local) {
      yield this.#local.subarray(at, Math.min(end, local));
      at = Math.min(end, local);
    }
    while (at < end) {
      const index = Math.floor((at - local) / each);
      const inPage = (at - local) % each;
      const count = Math.min(each - inPage, end - at);
      const page = this.#file.overflow(this.#chain[index] ?? 0);
      yield page.subarray(4 + inPage, 4 + inPage + count);
      at += count;
    }
  }

  /** How many bytes of the record are in its cell (section 1.6). */
  #localSize(): number {
    const { usable } = this.#file;
    const most = this.#isTable ? usable - 35 : Math.floor(((usable - 12) * 64) / 255) - 23;
    if (this.#size <= most) return this.#size;
    const least = Math.floor(((usable - 12) * 32) / 255) - 23;
    const fits = least + ((this.#size - least) % (usable - 4));
    return fits <= most ? fits : least;
  }

  #goOn(page: Buffer, start: number, local: number): void {
    if (start + local + 4 > this.#file.usable) throw damaged(DATABASE_FILE, 'a record does not say where it continues');
    this.#local = Buffer.from(page.subarray(start, start + local));
    const each = this.#file.usable - 4;
    const pages = Math.ceil((this.#size - local) / each);
    if (pages > this.#file.pages) throw damaged(DATABASE_FILE, `a record says that it has ${this.#size} bytes`);
    const first = page.readUInt32BE(start + local);
    if (this.#size > ASSEMBLED) this.#followLong(first, pages);
    else this.#assemble(first);
  }

  #assemble(first: number): void {
    if (this.#assembled.length < this.#size)
      this.#assembled = Buffer.allocUnsafeSlow(Math.min(ASSEMBLED, this.#size * 2));
    let done = this.#local.copy(this.#assembled, 0);
    for (let number = first; done < this.#size;) {
      const page = this.#file.overflow(number);
      done += page.copy(this.#assembled, done, 4, Math.min(this.#file.usable, 4 + this.#size - done));
      number = page.readUInt32BE(0);
    }
    this.bytes = this.#assembled;
    this.base = 0;
  }

  #followLong(first: number, pages: number): void {
    this.#chain = new Uint32Array(pages);
    let number = first;
    for (let index = 0; index < pages; index++) {
      this.#chain[index] = number;
      number = this.#file.overflow(number).readUInt32BE(0);
    }
    this.isLong = true;
  }

  #header(): void {
    const enough = Math.min(this.#size, 9);
    const size = this.isLong ? this.#varint(this.slice(0, enough), 0) : this.#varint(this.bytes, this.base);
    if (size > this.#size || size < 1) throw damaged(DATABASE_FILE, 'a record is shorter than its header');
    const header = this.isLong ? this.slice(0, size) : this.bytes;
    const start = this.isLong ? 0 : this.base;
    const end = start + size;
    let at = this.#next;
    let offset = size;
    let count = 0;
    while (at < end) {
      const type = this.#varint(header, at);
      at = this.#next;
      if (count === this.types.length) this.#grow();
      this.types[count] = type;
      this.offsets[count] = offset;
      offset += sizeOfType(type);
      count += 1;
      if (type === 10 || type === 11) throw damaged(DATABASE_FILE, `a record has a value of type ${type}`);
    }
    if (at !== end || offset !== this.#size) throw damaged(DATABASE_FILE, 'a record is not as long as its values');
    this.count = count;
  }

  #grow(): void {
    const [types, offsets] = [new Float64Array(this.types.length * 4), new Float64Array(this.types.length * 4)];
    types.set(this.types);
    offsets.set(this.offsets);
    this.types = types;
    this.offsets = offsets;
  }

  /** Numbers of more than 53 bits come out too large or rounded: either way they are larger than a record may be. */
  #varint(bytes: Buffer, start: number): number {
    let value = 0;
    let at = start;
    for (let index = 0; index < 8; index++) {
      const byte = bytes[at++] ?? 0;
      if (byte < 128) {
        this.#next = at;
        return value * 128 + byte;
      }
      value = value * 128 + (byte & 127);
    }
    this.#next = at + 1;
    return value * 256 + (bytes[at] ?? 0);
  }

  #rowid(bytes: Buffer, start: number): void {
    let high = 0;
    let low = 0;
    let at = start;
    for (let index = 0; index < 9; index++) {
      const byte = bytes[at++] ?? 0;
      const bits = index === 8 ? 8 : 7;
      high = (high << bits) | (low >>> (32 - bits));
      low = (low << bits) | (index === 8 ? byte : byte & 127);
      if (byte < 128) break;
    }
    this.rowidHigh = high;
    this.rowidLow = low;
    this.#next = at;
  }
}
