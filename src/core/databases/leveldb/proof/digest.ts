import { createHash, type Hash } from 'node:crypto';

const BUFFER = 64 << 10;

/**
 * Digest v1 of a database's content: SHA-256 over `u32le(keyLength) key u32le(valueLength) value` of every live entry, in bytewise key order. It does
 * not depend on how the content is spread over files and levels, or compressed.
 */
export class DatabaseDigest {
  readonly #hash: Hash = createHash('sha256');
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER);
  #used = 0;
  records = 0;
  keyBytes = 0;
  valueBytes = 0;

  /** Adds one entry; keys must come in bytewise order. The bytes may be reused afterwards. */
  add(key: Buffer, keyLength: number, value: Buffer, valueStart: number, valueEnd: number): void {
    this.records += 1;
    this.keyBytes += keyLength;
    this.valueBytes += valueEnd - valueStart;
    this.#part(key, 0, keyLength);
    this.#part(value, valueStart, valueEnd);
  }

  /** The digest in hex; nothing can be added afterwards. */
  finish(): string {
    this.#flush();
    return this.#hash.digest('hex');
  }

  #part(bytes: Buffer, start: number, end: number): void {
    const length = end - start;
    if (length + 4 > BUFFER - this.#used) this.#flush();
    this.#used = this.#buffer.writeUInt32LE(length, this.#used);
    if (length + 4 > BUFFER) {
      this.#flush();
      this.#hash.update(bytes.subarray(start, end));
      return;
    }
    bytes.copy(this.#buffer, this.#used, start, end);
    this.#used += length;
  }

  #flush(): void {
    if (this.#used > 0) this.#hash.update(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }
}
