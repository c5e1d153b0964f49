import type fs from 'node:fs';

/** The facts that show whether a file was changed: any write changes its ctime, and a new file with its name has another inode. */
export interface FileState {
  readonly inode: number;
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

/**
 * Kernels count the times of changes in ticks of up to 10 ms. A file that was changed in this very tick could change again without another ctime. So
 * its times can only be relied on once the last change is this old.
 */
export const TICK_MS = 20;
/** More than a double rounds off from a time in nanoseconds, and far less than a tick, so it hides no change. */
const ROUNDING_MS = 0.01;

/** What a stat says about a file, or undefined if its last change is so recent that the next one could have the same time. */
export function settledState(stat: fs.BigIntStats, now: number): FileState | undefined {
  const ctimeMs = Number(stat.ctimeNs) / 1e6;
  if (Math.abs(now - ctimeMs) < TICK_MS) return undefined;
  return { inode: Number(stat.ino), size: Number(stat.size), mtimeMs: Number(stat.mtimeNs) / 1e6, ctimeMs };
}

/** True if the file that `stat` describes is the one that was seen, unchanged since. */
export function isUnchanged(seen: FileState, stat: fs.Stats): boolean {
  return (
    stat.isFile() &&
    stat.ino === seen.inode &&
    stat.size === seen.size &&
    Math.abs(stat.ctimeMs - seen.ctimeMs) < ROUNDING_MS &&
    Math.abs(stat.mtimeMs - seen.mtimeMs) < ROUNDING_MS
  );
}
