import fs from 'node:fs';
import { InFlight } from '../concurrency/in-flight.ts';

/** From this size on a chunk is written on libuv's pool, while this thread hashes it and gets the next. */
const BIG_BYTES = 256 << 10;
/** Chunks under way at once; each is about 1 MiB of memory. */
const AT_ONCE = 4;

/** A file that is being written, front to back. */
export class NewFile {
  readonly fd: number;
  readonly #underWay = new InFlight(AT_ONCE);
  #position = 0;

  constructor(fd: number) {
    this.fd = fd;
  }

  /**
   * Adds a chunk. A promise is to be awaited before the next: enough is under way, or something before it failed.
   * @param release called once the chunk is written, which may be later: it must stay as it is until then
   */
  write(chunk: Uint8Array, release: () => void): void | Promise<void> {
    const at = this.#position;
    this.#position += chunk.byteLength;
    if (chunk.byteLength < BIG_BYTES) {
      for (let done = 0; done < chunk.byteLength;)
        done += fs.writeSync(this.fd, chunk, done, chunk.byteLength - done, at + done);
      return release();
    }
    return this.#underWay.add(this.#writeMeanwhile(chunk, at).then(release));
  }

  /** Until everything is written. Throws what stood in the way; the rest may be under way still. */
  written(): Promise<void> {
    return this.#underWay.done();
  }

  /** Until nothing is under way any more, however it ended: only then may the descriptor be closed. */
  settled(): Promise<void> {
    return this.#underWay.settled();
  }

  /** A short write is continued. */
  #writeMeanwhile(chunk: Uint8Array, at: number, done = 0): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.write(this.fd, chunk, done, chunk.byteLength - done, at + done, (error, count) => {
        if (error !== null) reject(error);
        else if (done + count === chunk.byteLength) resolve();
        else this.#writeMeanwhile(chunk, at, done + count).then(resolve, reject);
      });
    });
  }
}
