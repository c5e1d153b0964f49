import { removeTree } from './durable.ts';
import { errnoOf } from '../model/backup-error.ts';

/** What an earlier run left behind, and why it is still there. */
export interface LeftOver {
  readonly path: string;
  /** `kept`: it cannot be removed. `unseen`: this user cannot look into it. */
  readonly what: 'kept' | 'unseen';
  readonly why: string;
}

/** Tidies up. If the system refuses, that is added to `left` and nothing fails, because nothing depends on the result. */
export function tidy(path: string, what: LeftOver['what'], left: LeftOver[], work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    left.push(leftOver(path, what, error));
    return false;
  }
}

/** Throws the error again if it is not one of the system. */
export function leftOver(path: string, what: LeftOver['what'], error: unknown): LeftOver {
  if (!(error instanceof Error) || errnoOf(error) === undefined) throw error;
  return { path, what, why: error.message };
}

/** Removes a tree that nobody needs; false if some or all of it is still there. */
export function removeLeftOver(target: string, left: LeftOver[]): boolean {
  return tidy(target, 'kept', left, () => removeTree(target));
}
