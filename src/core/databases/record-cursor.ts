import type { DatabaseRecord } from './engine.ts';

/** Goes one by one through records that come in batches. */
export class RecordCursor {
  readonly #batches: AsyncGenerator<readonly DatabaseRecord[]>;
  #batch: readonly DatabaseRecord[] = [];
  #at = 0;
  #isAtEnd = false;

  constructor(batches: AsyncGenerator<readonly DatabaseRecord[]>) {
    this.#batches = batches;
  }

  /** Whether `load` has to be called before `record` is valid. */
  get isEmpty(): boolean {
    return this.#at >= this.#batch.length && !this.#isAtEnd;
  }

  /** The current record; undefined at the end. */
  get record(): DatabaseRecord | undefined {
    return this.#batch[this.#at];
  }

  advance(): void {
    this.#at++;
  }

  async load(): Promise<void> {
    do {
      const next = await this.#batches.next();
      this.#isAtEnd = next.done === true;
      this.#batch = next.done === true ? [] : next.value;
      this.#at = 0;
    } while (this.isEmpty);
  }

  /** Ends the reading of batches and releases what it holds. */
  async close(): Promise<void> {
    await this.#batches.return(undefined);
  }
}
