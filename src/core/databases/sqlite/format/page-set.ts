/** A set of page numbers, which begin at 1. Each takes one bit, since there may be a million. */
export class PageSet {
  #bits = new Uint8Array(64);
  #isEmpty = true;

  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  add(page: number): void {
    const at = page >>> 3;
    if (at >= this.#bits.length) this.#grow(at + 1);
    this.#bits[at] = (this.#bits[at] ?? 0) | (1 << (page & 7));
    this.#isEmpty = false;
  }

  addAll(other: PageSet): void {
    if (other.#bits.length > this.#bits.length) this.#grow(other.#bits.length);
    for (const [at, bits] of other.#bits.entries()) if (bits !== 0) this.#bits[at] = (this.#bits[at] ?? 0) | bits;
    this.#isEmpty &&= other.#isEmpty;
  }

  *[Symbol.iterator](): Generator<number> {
    for (const [at, bits] of this.#bits.entries())
      for (let bit = 0; bits >>> bit !== 0; bit++) if ((bits >>> bit) & 1) yield at * 8 + bit;
  }

  #grow(least: number): void {
    const grown = new Uint8Array(Math.max(least, this.#bits.length * 2));
    grown.set(this.#bits);
    this.#bits = grown;
  }
}
