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
