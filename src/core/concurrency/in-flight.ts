/*
 * Room "concurrency": work that goes on beside its caller: bounded queues, threads, and turns for the event loop.
 */

/** Runs pieces of work beside its caller, a limited number at once. A piece counts until it has ended, even if somebody else awaits it too. */
export class InFlight {
  readonly #most: number;
  readonly #pieces: Promise<void>[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** Adds a piece. If it returns a promise, await it before the next piece: enough pieces are running, or the first of them failed. */
  add(piece: Promise<void>): void | Promise<void> {
    // The piece is awaited later. Without this handler, an error before that would count as unhandled.
    piece.catch(() => {});
    this.#pieces.push(piece);
    return this.#pieces.length > this.#most ? this.#first() : undefined;
  }

  /** Waits until all pieces have succeeded. If one failed, it throws that error, and others may still be running. */
  async done(): Promise<void> {
    await Promise.all(this.#pieces);
    this.#pieces.length = 0;
  }

  /** Waits until no piece is running, whether they failed or not. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#pieces.splice(0));
  }

  async #first(): Promise<void> {
    await this.#pieces[0];
    void this.#pieces.shift();
  }
}
