import { removeTree } from './durable.ts';
import { errnoOf } from '../model/backup-error.ts';

/** What an earlier run left, and why it is there still. */
export interface LeftOver {
  readonly path: string;
  /** `kept`: it cannot be removed. `unseen`: nobody can look into it. */
  readonly what: 'kept' | 'unseen';
  readonly why: string;
}

/** Tidies up; what the system refuses is told and fails nothing, since nobody waits for it. */
export function tidy(path: string, what: LeftOver['what'], left: LeftOver[], work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    left.push(leftOver(path, what, error));
    return false;
  }
}

/** Throws what is no answer of the system. */
export function leftOver(path: string, what: LeftOver['what'], error: unknown): LeftOver {
  if (!(error instanceof Error) || errnoOf(error) === undefined) throw error;
  return { path, what, why: error.message };
}

/** Removes a tree that nobody needs; false if it is still there, in whole or in part. */
export function removeLeftOver(target: string, left: LeftOver[]): boolean {
  return tidy(target, 'kept', left, () => removeTree(target));
}
