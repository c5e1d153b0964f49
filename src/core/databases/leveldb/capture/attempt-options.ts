import type { TableSpool } from './spool.ts';

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
  /** Where tables go that there are too few descriptors for; without it they are opened by name when they are read. */
  readonly spool: TableSpool | undefined;
  readonly delay: (step: string) => void;
  readonly sabotage: ReadonlySet<Safeguard>;
}
