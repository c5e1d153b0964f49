import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { Value } from './sql-rows.ts';

/** A longer value is replaced by its length and hash, because JSON would hold it in memory more than twice. */
export const LONGEST = 64 * 1024 * 1024;
const SLAB = 256 * 1024;
const NUMBER_ROOM = 32;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FIRST_WHOLE = 2 ** 53;

/**
 * Writes records one after another into memory that is passed on with them. Otherwise a million rows of eight columns would be millions of small
 * strings.
 *
 * A row is a JSON object with its columns in their order. NULL is `null`; an INTEGER is a number with all its digits, although many JSON parsers
 * round integers beyond 2^53; a REAL always has a point or an exponent (`1.0`), or is `{"real":"Infinity"}`; TEXT is a string, and where it is not
 * valid UTF-8 `{"text":"<base64>"}`; a BLOB is `{"base64":"<base64>"}`. TEXT and BLOBs of more than 64 MiB are `{"bytes":<length>,"sha256":"<hex>"}`.
 */
export class RecordWriter {
  #slab: Buffer = Buffer.allocUnsafeSlow(SLAB);
  #start = 0;
  #at = 0;

  /** What was written since the last `take`. */
  take(): Buffer {
    const taken = this.#slab.subarray(this.#start, this.#at);
    this.#start = this.#at;
    return taken;
  }

  byte(byte: number): void {
    this.#room(1);
    this.#slab[this.#at++] = byte;
  }

  raw(bytes: Buffer): void {
    this.#room(bytes.length);
    if (bytes.length < 32) for (let from = 0; from < bytes.length; from++) this.#slab[this.#at++] = bytes[from] ?? 0;
    else this.#at += bytes.copy(this.#slab, this.#at);
  }

  string(text: string): void {
    // A UTF-16 unit takes at most three bytes of UTF-8.
    this.#room(text.length * 3);
    this.#at += this.#slab.write(text, this.#at);
  }

  /** Writes an integer in decimal, given as two halves. */
  integer(high: number, low: number): void {
    const value = high * 2 ** 32 + (low >>> 0);
    if (Math.abs(value) >= FIRST_WHOLE) return this.string(String((BigInt(high) << 32n) | BigInt(low >>> 0)));
    this.#room(NUMBER_ROOM);
    let rest = Math.abs(value);
    if (value < 0) this.#slab[this.#at++] = 0x2d;
    let end = this.#at + 1;
    for (let unit = rest; unit >= 10; unit = Math.floor(unit / 10)) end += 1;
    for (let at = end - 1; at >= this.#at; at--) {
      const next = Math.floor(rest / 10);
      this.#slab[at] = 0x30 + rest - next * 10;
      rest = next;
    }
    this.#at = end;
  }

  real(value: number): void {
    if (Number.isNaN(value)) this.string('null');
    else this.string(Number.isFinite(value) ? realText(value) : `{"real":"${value}"}`);
  }

  text(bytes: Buffer, start = 0, end = bytes.length): void {
    const length = end - start;
    if (length > LONGEST) return this.long(length, [bytes.subarray(start, end)]);
    this.#room(length + 2);
    const slab = this.#slab;
    let at = this.#at;
    slab[at++] = QUOTE;
    let isAscii = true;
    for (let from = start; from < end; from++) {
      const byte = bytes[from] ?? 0;
      if (byte < 0x20 || byte === QUOTE || byte === BACKSLASH) return this.#textSlowly(bytes.subarray(start, end));
      if (byte >= 0x80) isAscii = false;
      slab[at++] = byte;
    }
    slab[at++] = QUOTE;
    if (!isAscii && !isUtf8(bytes.subarray(start, end))) return this.#textSlowly(bytes.subarray(start, end));
    this.#at = at;
  }

  blob(bytes: Buffer, start = 0, end = bytes.length): void {
    const part = bytes.subarray(start, end);
    if (part.length > LONGEST) this.long(part.length, [part]);
    else this.string(`{"base64":"${part.toString('base64')}"}`);
  }

  long(length: number, pieces: Iterable<Buffer>): void {
    const hash = createHash('sha256');
    for (const piece of pieces) hash.update(piece);
    this.string(`{"bytes":${length},"sha256":"${hash.digest('hex')}"}`);
  }

  value(value: Value): void {
    if (value.type === 'null') this.string('null');
    else if (value.type === 'integer') this.string(String(value.value));
    else if (value.type === 'real') this.real(value.value);
    else if (value.type === 'text') this.text(value.value);
    else this.blob(value.value);
  }

  #textSlowly(bytes: Buffer): void {
    this.string(isUtf8(bytes) ? JSON.stringify(bytes.toString()) : `{"text":"${bytes.toString('base64')}"}`);
  }

  #room(length: number): void {
    if (this.#at + length <= this.#slab.length) return;
    const begun = this.#slab.subarray(this.#start, this.#at);
    this.#slab = Buffer.allocUnsafeSlow(Math.max(SLAB, 2 * (begun.length + length)));
    this.#at = begun.copy(this.#slab);
    this.#start = 0;
  }
}

/** The shortest decimal for this number that does not look like an integer. */
export function realText(value: number): string {
  const text = Object.is(value, -0) ? '-0' : String(value);
  return Number.isInteger(value) && !text.includes('e') ? `${text}.0` : text;
}

/** The text before each column of a row, and before its end. */
export function columnHeads(columns: readonly { readonly name: string }[]): Buffer[] {
  return columns.map(({ name }, index) => Buffer.from(`${index === 0 ? '{' : ','}${JSON.stringify(name)}:`));
}
