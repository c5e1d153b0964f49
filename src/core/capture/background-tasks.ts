/** Work on categories that are already stored, done while the next one is being stored: files become durable, databases are proven. */
export class BackgroundTasks {
  readonly #begun: Promise<unknown>[] = [];
  #lastProof: Promise<unknown> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;

  /** Takes note of work that has begun. `throwIfFailed` throws its error, and so does the returned promise. */
  add<T>(work: Promise<T>): Promise<T> {
    this.#begun.push(work);
    work.catch((error: unknown) => {
      this.#failure ??= { error };
    });
    return work;
  }

  /** Proves one database after another: they share a scratch folder, and each needs memory of its own. */
  prove<T>(proof: () => Promise<T>): Promise<T> {
    const turn = this.#lastProof.then(proof);
    this.#lastProof = turn.catch(() => {});
    return turn;
  }

  /** There is no point in storing more for a backup that has failed already. */
  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Waits until all work has ended. Throws what failed first. */
  async done(): Promise<void> {
    await this.settled();
    this.throwIfFailed();
  }

  /** Waits until no work is under way any more, even if some of it fails. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#begun);
  }
}
