import type { Entry } from '../model/entry.ts';

/**
 * One pass over the index, handed out category by category, so that a million entries are never in memory at once.
 * `tap` sees every entry exactly once, in order, whether a category is taken or skipped.
 */
export class IndexCursor {
  readonly #batches: AsyncIterator<Entry[]>;
  readonly #tap: (entry: Entry) => void;
  #pending: Entry[] = [];
  #done = false;

  constructor(batches: AsyncIterable<Entry[]>, tap: (entry: Entry) => void) {
    this.#batches = batches[Symbol.asyncIterator]();
    this.#tap = tap;
  }

  /** The next entries of `category`. It ends where another category begins. */
  async *take(category: string): AsyncGenerator<Entry[]> {
    for (;;) {
      const batch = await this.#peek();
      if (batch.length === 0) return;
      const end = batch.findIndex((entry) => entry.category !== category);
      if (end === 0) return;
      const mine = end < 0 ? batch : batch.slice(0, end);
      this.#pending = end < 0 ? [] : batch.slice(end);
      yield mine;
    }
  }

  /** Skips the next entries of `category`. */
  async skip(category: string): Promise<void> {
    const batches = this.take(category);
    while (!(await batches.next()).done);
  }

  /** Skips the rest, so that `tap` has seen everything. */
  async drain(): Promise<void> {
    while ((await this.#peek()).length > 0) this.#pending = [];
  }

  async #peek(): Promise<Entry[]> {
    while (this.#pending.length === 0 && !this.#done) {
      const next = await this.#batches.next();
      if (next.done) this.#done = true;
      else {
        for (const entry of next.value) this.#tap(entry);
        this.#pending = next.value;
      }
    }
    return this.#pending;
  }
}
