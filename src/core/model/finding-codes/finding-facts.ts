export type Severity = 'error' | 'warning' | 'info';

/** What is known of all findings with one code. */
export interface FindingFacts {
  /** With how much weight it is found; where there are several, the meaning says when it is which. */
  readonly severity: readonly Severity[];
  /** What was found, in one sentence. */
  readonly meaning: string;
  /** What to do about it, in one sentence. */
  readonly advice: string;
}
