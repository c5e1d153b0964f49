import type { BigIntStats } from 'node:fs';

/** The LOCK files that a keeper of this process holds: whoever asks who has them gets no stranger for an answer. */
export const ours = new Set<string>();

export function lockKey({ dev, ino }: Pick<BigIntStats, 'dev' | 'ino'>): string {
  return `${dev}:${ino}`;
}
