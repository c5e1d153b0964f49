import { createHash, type Hash } from 'node:crypto';
import type { Worker } from 'node:worker_threads';
import { hashWorkerUrl } from './hash-worker-url.ts';

/** A thread costs about 30 ms of a processor to start, as much as hashing 60 MB. */
const BYTES_WORTH_A_THREAD = 128 << 20;

/** SHA-256 of a file that is read once, front to back; of a big one in a thread, beside everything else that is done with its bytes. */
export interface FileHash {
  /** Room to read the next part into. It belongs to the caller until `release`. */
  room(length: number): Buffer;
  /** Adds a part, in `room`. When it resolves, the part has been hashed. */
  update(part: Buffer): Promise<void>;
  release(part: Buffer): void;
  /** Hex. Nothing can be added any more. */
  digest(): Promise<string>;
  close(): Promise<void>;
}

export function hashOfFile(size: number): FileHash {
  return size < BYTES_WORTH_A_THREAD ? new OwnHash() : new ThreadHash();
}

class OwnHash implements FileHash {
  readonly #hash: Hash = createHash('sha256');

  room(length: number): Buffer {
    return Buffer.allocUnsafe(length);
  }

  update(part: Buffer): Promise<void> {
    this.#hash.update(part);
    return Promise.resolve();
  }

  release(): void {}

  digest(): Promise<string> {
    return Promise.resolve(this.#hash.digest('hex'));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

interface Settle {
  readonly resolve: (digest: string | null) => void;
  readonly reject: (error: unknown) => void;
}

/** Parts lie in memory that both threads see, which serves again when they are released. */
class ThreadHash implements FileHash {
  readonly #worker: Worker;
  readonly #waiting: Settle[] = [];
  readonly #free: Buffer[] = [];
  #failure: unknown;

  constructor() {
    // Loaded here: small archives need none. Nothing of ours: no flags, no environment to be led astray by.
    const { Worker: NewWorker } = process.getBuiltinModule('node:worker_threads');
    this.#worker = new NewWorker(hashWorkerUrl, { execArgv: [], env: {} });
    this.#worker.on('message', (digest: string | null) => this.#waiting.shift()?.resolve(digest));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('the hashing thread ended')));
  }

  room(length: number): Buffer {
    const at = this.#free.findIndex((room) => room.buffer.byteLength >= length);
    const [room] = at < 0 ? [] : this.#free.splice(at, 1);
    return Buffer.from(room?.buffer ?? new SharedArrayBuffer(length), 0, length);
  }

  async update(part: Buffer): Promise<void> {
    await this.#ask(part);
  }

  release(part: Buffer): void {
    this.#free.push(part);
  }

  async digest(): Promise<string> {
    return (await this.#ask(null)) ?? '';
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #ask(part: Buffer | null): Promise<string | null> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(part, []);
    });
  }

  #fail(error: unknown): void {
    this.#failure = error;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
