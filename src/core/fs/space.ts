import fs from 'node:fs';
import path from 'node:path';

export interface FreeSpace {
  /** Bytes that this user may still write. */
  readonly bytes: bigint;
  /** Files that may still be made; null where the file system does not say (btrfs, most of Windows). */
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
