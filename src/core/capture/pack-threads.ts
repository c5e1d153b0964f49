import os from 'node:os';
import { startThread, type Thread } from '../concurrency/thread.ts';
import { packBatch, type PackedBatch, type PackJob } from './pack-batch.ts';

/** The thread's code; in the bundle it is a `data:` URL (scripts/bundle/embed-workers.ts). */
const WORKER = new URL('./pack-worker.ts', import.meta.url);
/** Starting a thread costs about 30 ms of processor time, which does not pay off with fewer entries than this. */
const ENTRIES_WORTH_THREADS = 1500;
/** More would not help: one thread puts their results in order, and its hashing and writing take the rest of the time. */
const MOST_THREADS = 4;
/** How much may be packed while the scan still goes on. It is kept in memory until then. */
const EARLY_BYTES = 16 << 20;
/** How many batches each thread has: one that it works on and one that waits. */
const AHEAD = 2;

/** Threads that read files and make archive members of them. If there are none, the caller's own thread does it. */
export class PackThreads {
  readonly #root: string;
  readonly #threads: Thread<PackedBatch | null>[] = [];
  readonly #rooms: ArrayBuffer[] = [];
  #expected = 0;
  #early = 0;
  #next = 0;

  constructor(root: string) {
    this.#root = root;
  }

  /** Says that one more entry will have to be packed. Once there are enough of them, threads are started, which get ready during the rest of the scan. */
  expect(): void {
    if (++this.#expected !== ENTRIES_WORTH_THREADS) return;
    const threads = Math.min(os.availableParallelism(), MOST_THREADS);
    for (let started = 0; started < threads; started++) {
      const thread = startThread<PackedBatch | null>(WORKER, this.#root);
      if (thread !== null) this.#threads.push(thread);
    }
  }

  /** How many batches may be under way at once. */
  get ahead(): number {
    return this.#threads.length * AHEAD;
  }

  /** Packs one batch as `packBatch` does. The answers come in any order. */
  async pack(job: Omit<PackJob, 'room'>): Promise<PackedBatch | null> {
    const room = this.#rooms.pop();
    const thread = this.#threads[this.#next++ % this.#threads.length];
    if (thread === undefined) return packBatch(this.#root, { ...job, room });
    return thread.ask({ ...job, room }, room === undefined ? [] : [room]);
  }

  /** Packs a batch before its turn. Undefined if there are no threads for it or no memory to keep it in. */
  packEarly(job: Omit<PackJob, 'room'>): Promise<PackedBatch | null> | undefined {
    if (this.#threads.length === 0 || this.#early + job.batch.tarBytes > EARLY_BYTES) return undefined;
    this.#early += job.batch.tarBytes;
    const packed = this.pack(job);
    // The promise is awaited later. Without this handler, an error before that would count as unhandled.
    packed.catch(() => {});
    return packed;
  }

  /** Call this when a batch has been stored: its memory is used for a later one. */
  release(packed: PackedBatch): void {
    if (this.#rooms.length < Math.max(this.ahead, 1)) this.#rooms.push(packed.tar.buffer);
  }

  /** Ends the threads. No batch may be under way. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.splice(0).map((thread) => thread.close()));
    this.#rooms.length = 0;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
