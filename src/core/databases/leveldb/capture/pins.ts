import fs from 'node:fs';

/** The descriptors that one capture holds. */
export class Pins {
  readonly #open = new Set<number>();

  get size(): number {
    return this.#open.size;
  }

  open(file: string): number {
    const fd = fs.openSync(file, 'r');
    this.#open.add(fd);
    return fd;
  }

  /** Closing twice is fine. */
  close(fd: number): void {
    if (this.#open.delete(fd)) fs.closeSync(fd);
  }

  closeAll(): void {
    for (const fd of this.#open) this.close(fd);
  }
}
