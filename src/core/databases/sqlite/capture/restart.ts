/** Thrown inside an attempt: the database moved, start over. */
export class Restart extends Error {
  /** What it means if the same happens again and again: to be thrown then. */
  readonly lasting: unknown;
  /** Whether it is certain that a writer kept no journal for what it wrote. */
  readonly isUnjournaled: boolean;

  constructor(why: string, { lasting, isUnjournaled = false }: { lasting?: unknown; isUnjournaled?: boolean } = {}) {
    super(why);
    this.lasting = lasting;
    this.isUnjournaled = isUnjournaled;
  }
}
