import os from 'node:os';
import { startThread, type Thread } from '../concurrency/thread.ts';
import { packBatch, type PackedBatch, type PackJob } from './pack-batch.ts';

/** The thread's code; in the bundle it is a `data:` URL (scripts/bundle/embed-workers.ts). */
const WORKER = new URL('./pack-worker.ts', import.meta.url);
/** A thread costs about 30 ms of a processor to start: with fewer entries than this it does not pay. */
const ENTRIES_WORTH_THREADS = 1500;
/** One thread orders what they make, and its hash and writes take the rest. */
const MOST_THREADS = 4;
/** What may be packed while the rest is still being found: it is kept in memory until then. */
const EARLY_BYTES = 16 << 20;
/** How many batches each has before it: one in work and one to go on with. */
const AHEAD = 2;

/** Threads that read files and make archive members of them; without any, the caller's own thread does it. */
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

  /** One more entry will have to be packed: with enough of them threads are started, which get ready while the rest is found. */
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

  /** Packs one batch as `packBatch` does; the answers come in any order. */
  async pack(job: Omit<PackJob, 'room'>): Promise<PackedBatch | null> {
    const room = this.#rooms.pop();
    const thread = this.#threads[this.#next++ % this.#threads.length];
    if (thread === undefined) return packBatch(this.#root, { ...job, room });
    return thread.ask({ ...job, room }, room === undefined ? [] : [room]);
  }

  /** Packs a batch before its turn, if there are threads for it and memory to keep it in; else undefined. */
  packEarly(job: Omit<PackJob, 'room'>): Promise<PackedBatch | null> | undefined {
    if (this.#threads.length === 0 || this.#early + job.batch.tarBytes > EARLY_BYTES) return undefined;
    this.#early += job.batch.tarBytes;
    const packed = this.pack(job);
    // The promise is awaited later. Without this handler, an error before that would count as unhandled.
    packed.catch(() => {});
    return packed;
  }

  /** What was packed has been stored: its memory serves the next batch. */
  release(packed: PackedBatch): void {
    if (this.#rooms.length < Math.max(this.ahead, 1)) this.#rooms.push(packed.tar.buffer);
  }

  /** Ends the threads; nothing may be under way. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.splice(0).map((thread) => thread.close()));
    this.#rooms.length = 0;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
