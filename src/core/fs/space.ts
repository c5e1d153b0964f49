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
  let existing = path.resolve(dir);
  while (!fs.existsSync(existing) && path.dirname(existing) !== existing) existing = path.dirname(existing);
  const stat = fs.statfsSync(existing, { bigint: true });
  return {
    bytes: stat.bavail * stat.bsize,
    inodes: stat.files > 0n ? stat.ffree : null,
    blockSize: Number(stat.bsize),
  };
}
