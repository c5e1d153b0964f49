import { setImmediate } from 'node:timers/promises';

/** How long synchronous work may hold the event loop before progress, signals and timers get a turn. */
const SLICE_MS = 15;

/** Lets synchronous hot loops breathe: ask `due()` once a file, await `turn()` when it says so. */
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
