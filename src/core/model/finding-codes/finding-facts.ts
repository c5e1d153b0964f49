export type Severity = 'error' | 'warning' | 'info';

/** What all findings with one code have in common. */
export interface FindingFacts {
  /** The severities that it can have. If there are several, `meaning` says when it has which. */
  readonly severity: readonly Severity[];
  /** What was found, in one sentence. */
  readonly meaning: string;
  /** What to do about it, in one sentence. */
  readonly advice: string;
}
