/**
 * Memory of buffers is outside V8's heap. V8 collects such garbage only when there is 64 MiB of it, and marks its whole heap then. Memory that is
 * freed at once can be used for the next buffer.
 */

/**
 * The memory of a buffer that does not share it, or null: Node cuts small buffers out of a shared one. The caller must be sure that the buffer is not
 * a part of a larger one.
 */
export function ownMemory({ buffer }: Uint8Array): ArrayBuffer | null {
  return buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize ? buffer : null;
}

/** Frees the memory of a buffer. Afterwards the buffer is empty, and so is every other buffer over the same memory. */
export function freeMemory(bytes: Uint8Array): void {
  ownMemory(bytes)?.transfer(0);
}

let collect: ((how: { type: 'minor' }) => void) | null = null;

/** Collects what became garbage lately, in about a millisecond: for buffers that Node itself makes and leaves, as for what comes from a socket. */
export function collectNewGarbage(): void {
  collect ??= exposedCollector();
  collect({ type: 'minor' });
}

/** V8 shows it to contexts that are made after the flag is set. */
function exposedCollector(): (how: { type: 'minor' }) => void {
  process.getBuiltinModule('node:v8').setFlagsFromString('--expose-gc');
  const gc: unknown = process.getBuiltinModule('node:vm').runInNewContext('gc');
  return (how) => void (typeof gc === 'function' && gc(how));
}

/** The memory of bytes that have several readers. The last reader frees it. The one that creates this is the first reader. */
export class SharedMemory {
  readonly #bytes: Buffer;
  #readers = 1;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Whether it has a reader besides the first. */
  get isShared(): boolean {
    return this.#readers > 1;
  }

  /** Adds a reader. The reader calls the function that it gets, once, when it has finished. */
  retain(): () => void {
    this.#readers++;
    return () => this.release();
  }

  release(): void {
    if (--this.#readers === 0) freeMemory(this.#bytes);
  }
}
