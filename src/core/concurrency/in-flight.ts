/*
 * Room "concurrency": work that goes on beside its caller: bounded queues, threads, and turns for the event loop.
 */

/** Work that goes on beside its caller, a bounded number of pieces at once. A piece counts as under way until it has ended, whoever awaits it. */
export class InFlight {
  readonly #most: number;
  readonly #pieces: Promise<void>[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** Takes a piece along. A promise is to be awaited before the next: enough is under way, or the first of them failed. */
  add(piece: Promise<void>): void | Promise<void> {
    // It is awaited in its turn; an error before that is not unheard.
    piece.catch(() => {});
    this.#pieces.push(piece);
    return this.#pieces.length > this.#most ? this.#first() : undefined;
  }

  /** Until all have ended well. Throws what stood in the way of one; others may be under way still. */
  async done(): Promise<void> {
    await Promise.all(this.#pieces);
    this.#pieces.length = 0;
  }

  /** Until nothing is under way any more, however it ended. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#pieces.splice(0));
  }

  async #first(): Promise<void> {
    await this.#pieces[0];
    void this.#pieces.shift();
  }
}
