import { createHash, type Hash } from 'node:crypto';
import { InFlight } from '../concurrency/in-flight.ts';
import { startThread, type Thread } from '../concurrency/thread.ts';
import { freeMemory, ownMemory } from './buffer-memory.ts';

/** The thread's code; in the bundle it is a `data:` URL (scripts/bundle/embed-workers.ts). */
const WORKER = new URL('./hash-worker.ts', import.meta.url);
/** Starting a thread costs about 30 ms of processor time, as much as hashing 60 MB. */
const BYTES_WORTH_A_THREAD = 128 << 20;
/** Room for a whole piece of an archive, even if only a part of it comes. Room that is not written to takes no memory. */
const ROOM_BYTES = 1 << 20;
const ADDED_AT_ONCE = 3;

/** The SHA-256 of files, one after another, each read once from front to back. Big files are hashed in a thread, while other work is done with the bytes. */
export interface FileHash {
  /** Room to read the next part into. It belongs to the caller until `release`. */
  reserve(length: number): Buffer;
  /** Adds a part that is in reserved room. When this resolves, the part has been hashed. */
  update(part: Buffer): Promise<void>;
  release(part: Buffer): void;
  /** Adds a part from other memory. If this returns a promise, await it before the next part. */
  add(part: Buffer): void | Promise<void>;
  /** The same for a part that nobody needs any more: its memory is taken away. */
  transfer(part: Buffer): void | Promise<void>;
  /** The hash of everything since the last digest, in hex. */
  digest(): Promise<string>;
  close(): Promise<void>;
}

export function hashOfFile(size: number): FileHash {
  const thread = size < BYTES_WORTH_A_THREAD ? null : startThread<string | null>(WORKER);
  return thread === null ? new OwnHash() : new ThreadHash(thread);
}

class OwnHash implements FileHash {
  #hash: Hash = createHash('sha256');

  reserve(length: number): Buffer {
    return Buffer.allocUnsafe(length);
  }

  update(part: Buffer): Promise<void> {
    this.#hash.update(part);
    return Promise.resolve();
  }

  release(part: Buffer): void {
    freeMemory(part);
  }

  add(part: Buffer): void {
    this.#hash.update(part);
  }

  transfer(part: Buffer): void {
    this.#hash.update(part);
    freeMemory(part);
  }

  digest(): Promise<string> {
    const digest = this.#hash.digest('hex');
    this.#hash = createHash('sha256');
    return Promise.resolve(digest);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Parts are in memory that both threads share. It is used again when they are released. */
class ThreadHash implements FileHash {
  readonly #thread: Thread<string | null>;
  readonly #free: Buffer[] = [];
  readonly #adding = new InFlight(ADDED_AT_ONCE);

  constructor(thread: Thread<string | null>) {
    this.#thread = thread;
  }

  reserve(length: number): Buffer {
    const at = this.#free.findIndex((room) => room.buffer.byteLength >= length);
    const [room] = at < 0 ? [] : this.#free.splice(at, 1);
    return Buffer.from(room?.buffer ?? new SharedArrayBuffer(Math.max(length, ROOM_BYTES)), 0, length);
  }

  async update(part: Buffer): Promise<void> {
    await this.#thread.ask(part);
  }

  release(part: Buffer): void {
    this.#free.push(part);
  }

  add(part: Buffer): void | Promise<void> {
    const room = this.reserve(part.length);
    room.set(part);
    return this.#adding.add(this.update(room).then(() => this.release(room)));
  }

  transfer(part: Buffer): void | Promise<void> {
    const memory = ownMemory(part);
    return memory === null ? this.add(part) : this.#adding.add(this.#thread.ask(part, [memory]).then(() => {}));
  }

  async digest(): Promise<string> {
    await this.#adding.done();
    return (await this.#thread.ask(null)) ?? '';
  }

  close(): Promise<void> {
    return this.#thread.close();
  }
}
