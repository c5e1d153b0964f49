import { compareKeys, type Cursor } from './internal-key.ts';

/** True if the entry of `a` comes before that of `b`: smaller key, or the newer write of the same key. */
function before(a: Cursor, b: Cursor): boolean {
  const order = compareKeys(a.key, a.keyLength, b.key, b.keyLength);
  return order < 0 || (order === 0 && a.sequence > b.sequence);
}

/** Walks many sorted runs as one, smallest entry first: a binary heap of cursors. */
export class MergeCursor {
  readonly #heap: Cursor[] = [];

  constructor(runs: Iterable<Cursor>) {
    for (const run of runs) {
      if (run.next()) this.#heap.push(run);
    }
    for (let index = (this.#heap.length >> 1) - 1; index >= 0; index--) this.#sink(index);
  }

  /** The run that stands at the smallest entry, or undefined at the end. */
  get top(): Cursor | undefined {
    return this.#heap[0];
  }

  /** Moves past the smallest entry. */
  advance(): void {
    const top = this.#heap[0];
    if (top === undefined) return;
    if (!top.next()) {
      const last = this.#heap.pop();
      if (last === undefined || last === top) return;
      this.#heap[0] = last;
    }
    this.#sink(0);
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const moving = heap[from];
    if (moving === undefined) return;
    let hole = from;
    for (;;) {
      const left = 2 * hole + 1;
      let child = heap[left];
      if (child === undefined) break;
      let place = left;
      const right = heap[left + 1];
      if (right !== undefined && before(right, child)) {
        child = right;
        place = left + 1;
      }
      if (!before(child, moving)) break;
      heap[hole] = child;
      hole = place;
    }
    heap[hole] = moving;
  }
}

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
