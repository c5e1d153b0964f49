/** Rows of one writer: row 0 holds the number of its last transaction, each other one that of the last transaction that touched it. */
export const ROWS = 400;

/** The rows that a transaction sets. */
export function touched(transaction: number): Set<number> {
  let state = (transaction * 2_654_435_761) >>> 0;
  const rows = new Set<number>();
  for (let count = 0; count < 1 + (transaction % 17); count++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    rows.add(1 + (state % (ROWS - 1)));
  }
  return rows;
}

/** What a writer's rows hold after each of its transactions. */
export class Model {
  #last = Array.from({ length: ROWS }, () => 0);
  #at = 0;

  /** The rows after `transaction`. */
  after(transaction: number): readonly number[] {
    if (transaction < this.#at) {
      this.#last = Array.from({ length: ROWS }, () => 0);
      this.#at = 0;
    }
    while (this.#at < transaction) {
      this.#at += 1;
      for (const row of touched(this.#at)) this.#last[row] = this.#at;
    }
    return this.#last.with(0, transaction);
  }
}
