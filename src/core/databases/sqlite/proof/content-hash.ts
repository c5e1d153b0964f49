import { createHash, type Hash } from 'node:crypto';

const BUFFER = 256 * 1024;
/** In bytes: room for a number, or for a letter and a length. */
const LARGEST_HEAD = 24;
const LETTER = { statement: 0x53, row: 0x52, null: 0x4e, integer: 0x49, float: 0x46, text: 0x54, blob: 0x42 };

/**
 * SHA3-256 over statements and what they return, as `sha3_query` of the sqlite3 shell has it (ext/misc/shathree.c): `S<n>:<sql>` for a statement, `R` for
 * a row, then for each value `N`, `I<int64>`, `F<double>` (both big-endian), `T<n>:<UTF-8>` or `B<n>:<bytes>`, with nothing between them.
 */
export class ContentHash {
  #hash: Hash = createHash('sha3-256');
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER);
  readonly #view = new DataView(this.#buffer.buffer, this.#buffer.byteOffset, BUFFER);
  #used = 0;

  /** A state to return to if what follows has to be undone. */
  mark(): Hash {
    this.#flush();
    return this.#hash.copy();
  }

  returnTo(mark: Hash): void {
    this.#used = 0;
    this.#hash = mark;
  }

  statement(sql: Buffer): void {
    this.#bytes(LETTER.statement, sql);
  }

  row(): void {
    this.#letter(LETTER.row);
  }

  null(): void {
    this.#letter(LETTER.null);
  }

  /** Adds a 64-bit integer, given as two halves. */
  integer(high: number, low: number): void {
    const at = this.#letter(LETTER.integer);
    this.#view.setInt32(at, high);
    this.#view.setInt32(at + 4, low);
    this.#used = at + 8;
  }

  /** NaN counts as NULL, as in SQLite. */
  float(value: number): void {
    if (Number.isNaN(value)) return this.null();
    const at = this.#letter(LETTER.float);
    this.#view.setFloat64(at, value);
    this.#used = at + 8;
  }

  text(bytes: Buffer, start = 0, end = bytes.length): void {
    this.#bytes(LETTER.text, bytes, start, end);
  }

  blob(bytes: Buffer, start = 0, end = bytes.length): void {
    this.#bytes(LETTER.blob, bytes, start, end);
  }

  /** Adds a long value in pieces. */
  long(isText: boolean, length: number, pieces: Iterable<Buffer>): void {
    this.#head(isText ? LETTER.text : LETTER.blob, length);
    this.#flush();
    for (const piece of pieces) this.#hash.update(piece);
  }

  /** In hex; nothing can be added afterwards. */
  finish(): string {
    this.#flush();
    return this.#hash.digest('hex');
  }

  #letter(letter: number): number {
    if (this.#used + LARGEST_HEAD > BUFFER) this.#flush();
    this.#buffer[this.#used++] = letter;
    return this.#used;
  }

  #head(letter: number, length: number): void {
    let at = this.#letter(letter);
    let unit = 1;
    while (unit * 10 <= length) unit *= 10;
    for (let rest = length; unit >= 1; unit /= 10) {
      const digit = Math.floor(rest / unit);
      this.#buffer[at++] = 0x30 + digit;
      rest -= digit * unit;
    }
    this.#buffer[at++] = 0x3a;
    this.#used = at;
  }

  #bytes(letter: number, bytes: Buffer, start = 0, end = bytes.length): void {
    const length = end - start;
    this.#head(letter, length);
    if (length > BUFFER - this.#used) this.#flush();
    if (length > BUFFER) {
      this.#hash.update(bytes.subarray(start, end));
      return;
    }
    const [buffer, used] = [this.#buffer, this.#used];
    // Most values are short, and a call for each costs more than to copy its bytes.
    if (length < 64) for (let at = 0; at < length; at++) buffer[used + at] = bytes[start + at] ?? 0;
    else bytes.copy(buffer, used, start, end);
    this.#used += length;
  }

  #flush(): void {
    if (this.#used > 0) this.#hash.update(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }
}
