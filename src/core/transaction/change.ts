export type Action = 'add' | 'replace' | 'remove';

/** What becomes of one path. */
export interface Change {
  readonly path: string;
  readonly action: Action;
  readonly type: string;
  readonly category: string;
  readonly bytes: number;
}
