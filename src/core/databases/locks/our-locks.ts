import type { FileIdentity } from '../../fs/open-files.ts';

/** The files whose lock a keeper of this process holds: whoever asks who has them gets no stranger for an answer. */
export const ours = new Set<string>();

/** This process and its keeper. */
export const ourProcesses = new Set<number>([process.pid]);

export function lockKey({ dev, ino }: FileIdentity): string {
  return `${dev}:${ino}`;
}
