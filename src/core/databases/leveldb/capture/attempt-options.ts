import type { Spool } from './spool.ts';

/** Safeguards that a test can take away, to show that it would notice. */
export type Safeguard =
  | 'manifest-before-logs'
  | 'single-listing'
  | 'read-log-on-open'
  | 'ignore-missing-table'
  | 'no-identity'
  | 'no-log-check'
  | 'no-sequence-check';

export interface AttemptOptions {
  readonly maxDescriptors: number;
  /** Takes copies of the tables and logs for which there are too few descriptors. Without it, tables are opened by name when they are read. */
  readonly spool: Spool | undefined;
  readonly delay: (step: string) => void;
  readonly sabotage: ReadonlySet<Safeguard>;
}
