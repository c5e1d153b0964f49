import type { Cursor } from './internal-key.ts';

/** A batch ends at either limit. Batches are small, because short-lived memory costs the garbage collector least. */
const BATCH_BYTES = 64 << 10;
const BATCH_RECORDS = 256;

/** Copies of some entries, one after another in one buffer: it takes longer to make a buffer for each key and value than to copy them. */
export class RecordBatch {
  readonly records: { readonly key: Buffer; readonly value: Buffer; readonly order: Buffer }[] = [];
  #room: Buffer = Buffer.allocUnsafeSlow(BATCH_BYTES);
  #used = 0;
  #isFull = false;

  get isFull(): boolean {
    return this.#isFull || this.records.length === BATCH_RECORDS;
  }

  add({ key, keyLength, value, valueStart, valueEnd }: Cursor): void {
    const length = keyLength + valueEnd - valueStart;
    if (length > this.#room.length - this.#used) {
      this.#isFull = true;
      this.#room = Buffer.allocUnsafeSlow(length);
      this.#used = 0;
    }
    const middle = this.#used + keyLength;
    key.copy(this.#room, this.#used, 0, keyLength);
    value.copy(this.#room, middle, valueStart, valueEnd);
    const copy = this.#room.subarray(this.#used, middle);
    this.#used += length;
    this.records.push({ key: copy, value: this.#room.subarray(middle, this.#used), order: copy });
  }
}

/** Whether a key comes before all keys with this prefix (-1), is one of them (0) or comes after them (1). */
export function comparePrefix({ key, keyLength }: Cursor, prefix: Buffer): number {
  return Buffer.compare(key.subarray(0, Math.min(keyLength, prefix.length)), prefix);
}
