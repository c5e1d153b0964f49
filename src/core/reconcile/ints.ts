/** A list of 32-bit integers that grows. For millions of them an array of objects would take ten times the memory. */
export class Ints {
  length = 0;
  #values = new Int32Array(1024);

  /** Returns the position. */
  push(value: number): number {
    if (this.length === this.#values.length) {
      const larger = new Int32Array(this.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.length] = value;
    return this.length++;
  }

  /** -1 outside. */
  at(position: number): number {
    return position < this.length ? (this.#values[position] ?? -1) : -1;
  }

  set(position: number, value: number): void {
    this.#values[position] = value;
  }

  fill(value: number, from: number, to: number): void {
    this.#values.fill(value, from, to);
  }
}

/** Gives equal texts equal numbers, from 0 on. */
export class Numbered {
  readonly texts: string[] = [];
  readonly #numbers = new Map<string, number>();

  /** -1 if nobody has numbered it. */
  find(text: string): number {
    return this.#numbers.get(text) ?? -1;
  }

  number(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.texts.length);
    return this.texts.push(text) - 1;
  }
}
