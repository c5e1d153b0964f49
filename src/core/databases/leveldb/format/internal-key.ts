/** Internal keys: a user key, then a u64le of `sequence << 8 | type`. After db/dbformat.h of Google's LevelDB. */
export const TRAILER = 8;
export const TYPE_DELETION = 0;
export const TYPE_VALUE = 1;

/** Bytewise order of two keys, of which the first `aLength` and `bLength` bytes count. <0, 0, >0. */
export function compareKeys(a: Buffer, aLength: number, b: Buffer, bLength: number): number {
  // Keys are mostly short: for them a loop here is several times cheaper than a call into native code.
  const shared = aLength < bLength ? aLength : bLength;
  for (let index = 0; index < shared; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
}

/** The sequence number in the trailer that ends at `length`. */
export function sequenceAt(key: Buffer, length: number): number {
  return key.readUInt32LE(length - 4) * 0x100_0000 + (key.readUInt32LE(length - TRAILER) >>> 8);
}

/** Order of two whole internal keys: user keys ascending, sequence numbers descending. */
export function compareInternalKeys(a: Buffer, b: Buffer): number {
  const order = compareKeys(a, a.length - TRAILER, b, b.length - TRAILER);
  return order !== 0 ? order : sequenceAt(b, b.length) - sequenceAt(a, a.length);
}

/**
 * A sorted run of entries, read forwards. The fields describe the entry that the last successful `next()` arrived at;
 * buffers may be reused by the following one.
 */
export interface Cursor {
  /** The user key is its first `keyLength` bytes. */
  readonly key: Buffer;
  readonly keyLength: number;
  readonly sequence: number;
  readonly isValue: boolean;
  readonly value: Buffer;
  readonly valueStart: number;
  readonly valueEnd: number;
  /** Moves to the next entry; false at the end. */
  next(): boolean;
}
