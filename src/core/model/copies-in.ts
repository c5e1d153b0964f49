import type { PushedCopy } from './push-report.ts';

/** How many of these are copies: pushed, or there before. */
export function copiesIn(copies: readonly PushedCopy[]): number {
  return copies.filter(({ outcome }) => outcome !== 'failed').length;
}
