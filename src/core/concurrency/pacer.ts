import { setImmediate } from 'node:timers/promises';

/** How long synchronous work may hold the event loop before progress, signals and timers get a turn. */
const SLICE_MS = 15;

/** Gives others a turn during a synchronous hot loop: call `due()` once for each file, and await `turn()` if it returns true. */
export class Pacer {
  #last = performance.now();

  due(): boolean {
    return performance.now() - this.#last >= SLICE_MS;
  }

  /** One trip through the event loop. */
  async turn(): Promise<void> {
    await setImmediate();
    this.#last = performance.now();
  }
}
