import path from 'node:path';
import { STATE_FOLDER } from '../fs/paths.ts';

/** Where a restore keeps what it needs, beside what it changes, so that every move is a rename. */
export interface StatePaths {
  readonly state: string;
  readonly transaction: string;
  /** `stage/<n>`: the new content of unit n. */
  readonly stage: string;
  /** `aside/<n>`: the old content of unit n. */
  readonly aside: string;
  /** Present: swapping is allowed. */
  readonly plan: string;
  /** Present: we are going back. */
  readonly undo: string;
}

export function statePaths(root: string): StatePaths {
  const state = path.join(root, STATE_FOLDER);
  const transaction = path.join(state, 'txn');
  return {
    state,
    transaction,
    stage: path.join(transaction, 'stage'),
    aside: path.join(transaction, 'aside'),
    plan: path.join(transaction, 'plan.json'),
    undo: path.join(transaction, 'undo'),
  };
}
