import fs from 'node:fs';
import { InFlight } from '../concurrency/in-flight.ts';

/** From this size on a chunk is written on libuv's pool, while this thread hashes it and gets the next. */
const BIG_BYTES = 256 << 10;
/** Chunks under way at once; each is about 1 MiB of memory. */
const AT_ONCE = 4;
/** So many zeros in a row, from a multiple of it on, become a hole. */
const HOLE_BYTES = 64 << 10;
const ZEROS = Buffer.alloc(HOLE_BYTES);

/**
 * A file that is being written, front to back. Long runs of zeros are not written, so that a file that had holes has them again: what is
 * not written reads as zeros.
 */
export class NewFile {
  readonly fd: number;
  readonly #underWay = new InFlight(AT_ONCE);
  #position = 0;
  /** The last that there was is a hole, which a write at its end or `written` has to close. */
  #inHole = false;

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
    const ranges = this.#inHole || chunk.byteLength >= HOLE_BYTES ? this.#withoutHoles(chunk, at) : [whole(chunk)];
    if (chunk.byteLength < BIG_BYTES) {
      for (const { from, to } of ranges)
        for (let done = from; done < to;) done += fs.writeSync(this.fd, chunk, done, to - done, at + done);
      return release();
    }
    return this.#underWay.add(this.#writeRanges(chunk, ranges, at).then(release));
  }

  /** Until everything is written. Throws what stood in the way; the rest may be under way still. */
  async written(): Promise<void> {
    await this.#underWay.done();
    if (this.#inHole) fs.ftruncateSync(this.fd, this.#position);
  }

  /** Until nothing is under way any more, however it ended: only then may the descriptor be closed. */
  settled(): Promise<void> {
    return this.#underWay.settled();
  }

  /** What of a chunk has to be written. A block that chunks share is a hole in each of them where all that they have of it is zeros. */
  #withoutHoles(chunk: Uint8Array, at: number): Range[] {
    const ranges: Range[] = [];
    let last: { from: number; to: number } | undefined;
    for (let from = 0; from < chunk.byteLength;) {
      const to = Math.min(chunk.byteLength, from + HOLE_BYTES - ((at + from) % HOLE_BYTES));
      const hole = isZeros(chunk, from, to);
      if (hole) last = undefined;
      else if (last !== undefined) last.to = to;
      else ranges.push((last = { from, to }));
      this.#inHole = hole;
      from = to;
    }
    return ranges;
  }

  async #writeRanges(chunk: Uint8Array, ranges: readonly Range[], at: number): Promise<void> {
    for (const { from, to } of ranges) await this.#writeMeanwhile(chunk, at, from, to);
  }

  /** A short write is continued. */
  #writeMeanwhile(chunk: Uint8Array, at: number, from: number, to: number): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.write(this.fd, chunk, from, to - from, at + from, (error, count) => {
        if (error !== null) reject(error);
        else if (from + count === to) resolve();
        else this.#writeMeanwhile(chunk, at, from + count, to).then(resolve, reject);
      });
    });
  }
}

/** A part of a chunk. */
interface Range {
  readonly from: number;
  readonly to: number;
}

function whole(chunk: Uint8Array): Range {
  return { from: 0, to: chunk.byteLength };
}

/** Its ends are looked at first: nearly everything that is no hole gives itself away there. */
function isZeros(chunk: Uint8Array, from: number, to: number): boolean {
  if (chunk[from] !== 0 || chunk[to - 1] !== 0) return false;
  return ZEROS.compare(chunk, from, to, 0, to - from) === 0;
}
