import fs from 'node:fs';
import { InFlight } from '../concurrency/in-flight.ts';
import type { SharedMemory } from '../format/buffer-memory.ts';

export type Retainable = Pick<SharedMemory, 'retain'>;

/** Chunks of at least this size are written by libuv's thread pool, while this thread hashes them and gets the next. */
const BIG_BYTES = 256 << 10;
/** How many chunks are being written at once; each takes about 1 MiB of memory. */
const AT_ONCE = 4;
/** This many zeros in a row, beginning at a multiple of this number, become a hole. */
const HOLE_BYTES = 64 << 10;
const ZEROS = Buffer.alloc(HOLE_BYTES);

/**
 * A file that is being written, front to back. Long runs of zeros are skipped, so that a file that had holes has holes again. What is skipped reads
 * as zeros.
 */
export class NewFile {
  readonly fd: number;
  readonly #underWay = new InFlight(AT_ONCE);
  #position = 0;
  /** Whether the file ends in a hole so far, which the next write or `written` has to close. */
  #inHole = false;

  constructor(fd: number) {
    this.fd = fd;
  }

  /**
   * Adds a chunk. If it returns a promise, await it before the next chunk: enough chunks are being written, or one failed.
   * @param memory that of the chunk; it is retained until the chunk is written
   */
  write(chunk: Uint8Array, memory?: Retainable): void | Promise<void> {
    const at = this.#position;
    this.#position += chunk.byteLength;
    const ranges = this.#inHole || chunk.byteLength >= HOLE_BYTES ? this.#withoutHoles(chunk, at) : [whole(chunk)];
    if (chunk.byteLength < BIG_BYTES) {
      for (const { from, to } of ranges)
        for (let done = from; done < to;) done += fs.writeSync(this.fd, chunk, done, to - done, at + done);
      return undefined;
    }
    return this.#underWay.add(this.#writeRanges(chunk, ranges, at).then(memory?.retain()));
  }

  /** Waits until everything is written. If a write failed, it throws that error, and other writes may still be in progress. */
  async written(): Promise<void> {
    await this.#underWay.done();
    if (this.#inHole) fs.ftruncateSync(this.fd, this.#position);
  }

  /** Waits until no write is in progress, whether they failed or not. Only then may the descriptor be closed. */
  settled(): Promise<void> {
    return this.#underWay.settled();
  }

  /** The ranges of a chunk that have to be written. If two chunks share a block, each skips its part of the block if that part is all zeros. */
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

  /** Continues after a short write. */
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

/** It checks both ends first, because in nearly all data that is not a hole, one end is not zero. */
function isZeros(chunk: Uint8Array, from: number, to: number): boolean {
  if (chunk[from] !== 0 || chunk[to - 1] !== 0) return false;
  return ZEROS.compare(chunk, from, to, 0, to - from) === 0;
}
