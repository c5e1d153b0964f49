import fs from 'node:fs';

/** From this size on a chunk is written on libuv's pool, while this thread hashes it and gets the next. */
const BIG_BYTES = 256 << 10;
/** Chunks under way at once; each is about 1 MiB of memory. */
const IN_FLIGHT = 4;

/** A file that is being written, front to back. Chunks must stay as they are until `settled`. */
export class NewFile {
  readonly fd: number;
  readonly #underWay: Promise<void>[] = [];
  #position = 0;

  constructor(fd: number) {
    this.fd = fd;
  }

  /** Adds a chunk. A promise is to be awaited before the next: enough is under way, or something before it failed. */
  write(chunk: Uint8Array): void | Promise<void> {
    const at = this.#position;
    this.#position += chunk.byteLength;
    if (chunk.byteLength < BIG_BYTES) {
      for (let done = 0; done < chunk.byteLength;)
        done += fs.writeSync(this.fd, chunk, done, chunk.byteLength - done, at + done);
      return undefined;
    }
    const writing = this.#writeMeanwhile(chunk, at);
    // It is awaited in its turn; an error before that is not unheard.
    writing.catch(() => {});
    this.#underWay.push(writing);
    return this.#underWay.length > IN_FLIGHT ? this.#underWay.shift() : undefined;
  }

  /** Until everything is written. Throws what stood in the way; the rest may be under way still. */
  async written(): Promise<void> {
    await Promise.all(this.#underWay);
    this.#underWay.length = 0;
  }

  /** Until nothing is under way any more, however it ended: only then may the descriptor be closed. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#underWay.splice(0));
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
