/** A small number for each record, by its number in the order of the database; 0 at first. Millions of them take no more than their bytes. */
export class Marks {
  #values: Uint8Array | Int32Array;
  readonly #Kind: Uint8ArrayConstructor | Int32ArrayConstructor;

  constructor(Kind: Uint8ArrayConstructor | Int32ArrayConstructor = Uint8Array) {
    this.#Kind = Kind;
    this.#values = new Kind(1 << 10);
  }

  /** The numbers of all records that have a mark are below this. */
  get length(): number {
    return this.#values.length;
  }

  get(number: number): number {
    return this.#values[number] ?? 0;
  }

  set(number: number, mark: number): void {
    if (number >= this.#values.length) {
      const more = new this.#Kind(Math.max(number + 1, this.#values.length * 2));
      more.set(this.#values);
      this.#values = more;
    }
    this.#values[number] = mark;
  }
}
