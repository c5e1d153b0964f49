import type { DatabaseRecord } from '../../databases/engine.ts';

/** One record after another of what comes in batches. */
export class RecordCursor {
  readonly #batches: AsyncGenerator<readonly DatabaseRecord[]>;
  #batch: readonly DatabaseRecord[] = [];
  #at = 0;
  #isAtEnd = false;

  constructor(batches: AsyncGenerator<readonly DatabaseRecord[]>) {
    this.#batches = batches;
  }

  /** Whether `load` has to be called before `record` is right. */
  get isEmpty(): boolean {
    return this.#at >= this.#batch.length && !this.#isAtEnd;
  }

  /** The record that it stands at; undefined at the end. */
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

  /** Releases what the batches come from. */
  async close(): Promise<void> {
    await this.#batches.return(undefined);
  }
}
