import type fs from 'node:fs';

/** By what a change of a file shows: any write moves its ctime, a new file under its name has another inode. */
export interface FileState {
  readonly inode: number;
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

/**
 * Kernels stamp changes by the tick, up to 10 ms. A file that was changed in this very tick could be changed again without its
 * ctime telling, so only what has grown this old says something about later.
 */
export const TICK_MS = 20;
/** What a double loses of a time in nanoseconds: far less than a tick, so no change hides in it. */
const ROUNDING_MS = 0.01;

/** What a stat says of a file, or undefined if its last change is so young that the next one could carry the same time. */
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
