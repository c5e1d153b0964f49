/** Thrown inside an attempt: the database changed, so the capture starts over. */
export class Restart extends Error {
  /** The error to throw if the same happens again and again. */
  readonly lasting: unknown;
  /** Whether it is certain that a writer wrote without a journal. */
  readonly isUnjournaled: boolean;

  constructor(why: string, { lasting, isUnjournaled = false }: { lasting?: unknown; isUnjournaled?: boolean } = {}) {
    super(why);
    this.lasting = lasting;
    this.isUnjournaled = isUnjournaled;
  }
}
