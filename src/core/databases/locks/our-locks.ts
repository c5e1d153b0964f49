import type { FileIdentity } from '../../fs/open-files.ts';

/** The files whose locks a keeper of this process holds, so that a question about them is not answered with another process. */
export const ours = new Set<string>();

/** This process and its keeper. */
export const ourProcesses = new Set<number>([process.pid]);

export function lockKey({ dev, ino }: FileIdentity): string {
  return `${dev}:${ino}`;
}
