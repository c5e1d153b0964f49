import { compareKeys, type Cursor } from './internal-key.ts';
import type { MergeCursor } from './merge.ts';

/** How many entries pass between two looks at the clock. */
const STRIDE = 256;

/** The live entries in order, as views that are valid until the next one. Now and then it yields null, so that the caller can give others a turn. */
export function* liveEntries(merged: MergeCursor): Generator<Cursor | null> {
  let last = Buffer.allocUnsafeSlow(256);
  let lastLength = -1;
  let seen = 0;
  for (let top = merged.top; top !== undefined; top = merged.top) {
    if (lastLength < 0 || compareKeys(last, lastLength, top.key, top.keyLength) !== 0) {
      if (top.keyLength > last.length) last = Buffer.allocUnsafeSlow(top.keyLength * 2);
      lastLength = top.keyLength;
      for (let index = 0; index < lastLength; index++) last[index] = top.key[index] ?? 0;
      if (top.isValue) yield top;
    }
    merged.advance();
    seen += 1;
    if (seen % STRIDE === 0) yield null;
  }
}

export function keyOf({ key, keyLength }: Cursor): Buffer {
  return Buffer.from(key.subarray(0, keyLength));
}

export function valueOf({ value, valueStart, valueEnd }: Cursor): Buffer {
  return Buffer.from(value.subarray(valueStart, valueEnd));
}
