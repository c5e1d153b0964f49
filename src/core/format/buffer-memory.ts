/** Memory of buffers, outside of V8's heap. V8 collects such garbage when there is 64 MiB of it, and marks its whole heap for that; what is freed at once serves the next buffer. */

/** Whether a buffer has its memory to itself: Node cuts small ones out of one that many share. The caller has to know that it made no part of a larger one. */
export function ownMemory({ buffer }: Uint8Array): ArrayBuffer | null {
  return buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize ? buffer : null;
}

/** Gives the memory of a buffer back. The buffer is empty afterwards, and so is every other that shows the same bytes. */
export function freeMemory(bytes: Uint8Array): void {
  ownMemory(bytes)?.transfer(0);
}

/** Memory of bytes that several readers use. The last of them frees it. Its maker is the first reader. */
export class SharedMemory {
  readonly #bytes: Buffer;
  #readers = 1;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Whether it has a reader besides its maker. */
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
