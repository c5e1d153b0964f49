/** Safeguards that a test can take away, to show that it would notice. */
export type Safeguard =
  | 'database-before-wal'
  | 'one-generation'
  | 'changed-pages'
  | 'one-transaction'
  | 'stillness'
  | 'clock'
  | 'identity'
  | 'super-journal';

export interface AttemptOptions {
  readonly signal: AbortSignal | undefined;
  readonly delay: (step: string) => void;
  readonly sabotage: ReadonlySet<Safeguard>;
}
