/*
 * Room "concurrency": work that goes on beside its caller: bounded queues, threads, and turns for the event loop.
 */

/** Runs pieces of work beside its caller, a limited number at once, and gives their results in order. A piece counts until it is taken, even if somebody else awaits it too. */
export class InFlight<T = void> {
  readonly #most: number;
  readonly #pieces: Promise<T>[] = [];

  /** @param most without it the caller limits the number, by `length` */
  constructor(most = Number.POSITIVE_INFINITY) {
    this.#most = most;
  }

  get length(): number {
    return this.#pieces.length;
  }

  /** Whether more pieces are running than should be: call `take` before the next `push`. */
  get isOver(): boolean {
    return this.#pieces.length > this.#most;
  }

  /** Adds a piece, however many are running. */
  push(piece: Promise<T>): void {
    // `take` throws its error. Without this handler, an error before that would count as unhandled.
    piece.catch(() => {});
    this.#pieces.push(piece);
  }

  /** Adds a piece. If it returns a promise, await it before the next piece: enough pieces are running, or the first of them failed. */
  add(piece: Promise<T>): void | Promise<void> {
    this.push(piece);
    return this.isOver ? this.take().then(() => {}) : undefined;
  }

  /** Waits for the first piece and returns its result, or throws its error. */
  async take(): Promise<T | undefined> {
    const first = await this.#pieces[0];
    void this.#pieces.shift();
    return first;
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
}
