import fs from 'node:fs';
import path from 'node:path';

export interface FreeSpace {
  /** How many bytes this user may still write. */
  readonly bytes: bigint;
  /** How many files may still be made; null if the file system does not tell (btrfs, usually on Windows). */
  readonly inodes: bigint | null;
  readonly blockSize: number;
}

/** Measures the file system that holds `dir`, or the nearest folder above it that exists. */
export function freeSpace(dir: string): FreeSpace {
  const stat = fs.statfsSync(nearestExisting(dir), { bigint: true });
  return {
    bytes: stat.bavail * stat.bsize,
    inodes: stat.files > 0n ? stat.ffree : null,
    blockSize: Number(stat.bsize),
  };
}

/** `dir`, or the nearest folder above it that exists. */
export function nearestExisting(dir: string): string {
  let at = path.resolve(dir);
  while (!fs.existsSync(at) && path.dirname(at) !== at) at = path.dirname(at);
  return at;
}
