import { setTimeout } from 'node:timers/promises';

/** How long one backup waits in total for files that were listed and are not in their places. */
const PATIENCE_MS = 2000;
const LONGEST_PAUSE_MS = 16;

/**
 * Waits for files that are moved away and back. The time is limited for the whole backup, so that it does not wait for each of a thousand files that
 * were removed.
 */
export class Patience {
  #left = PATIENCE_MS;
  #pause = 1;

  /** Waits a moment; false if there is no patience left. */
  async lookAgain(): Promise<boolean> {
    if (this.#left <= 0) return false;
    const begin = performance.now();
    await setTimeout(this.#pause);
    this.#pause = this.#pause >= LONGEST_PAUSE_MS ? 1 : this.#pause * 2;
    this.#left -= performance.now() - begin;
    return true;
  }
}
