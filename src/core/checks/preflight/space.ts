import { freeSpace } from '../../fs/space.ts';
import type { CheckResult } from '../../model/validate-report.ts';

/** Room kept free beside the backup: the file system and others need to go on working. */
const RESERVE_BYTES = 16n * 1024n * 1024n;
/** No real project state was seen to shrink further than this, so with less room than that a backup cannot succeed. */
const BEST_RATIO = 30n;
/** Files that a backup makes: its archives and lists. */
export const BACKUP_INODES = 64n;

export interface SpaceEstimate {
  /** With less free than this, create fails. */
  readonly least: bigint;
  /** With more free than this, space cannot run out: everything stored as it is, plus headers, index and sums. */
  readonly most: bigint;
}

/** What a backup of so many bytes in so many entries needs, before compression has been tried. */
export function estimateSpace(bytes: number, entries: number): SpaceEstimate {
  const most = BigInt(Math.ceil(bytes * 1.01)) + BigInt(entries) * 2048n;
  return { least: most / BEST_RATIO + RESERVE_BYTES, most: most + RESERVE_BYTES };
}

/** Measured free bytes and inodes where the backup will go, against the inventory and the ratio of the last backup. */
export function checkSpace(
  store: string,
  bytes: number,
  entries: number,
  lastRatio: number | undefined,
): CheckResult[] {
  const free = freeSpace(store);
  const { least, most } = estimateSpace(bytes, entries);
  const likely = lastRatio === undefined ? most : BigInt(Math.ceil(bytes * lastRatio * 1.2)) + RESERVE_BYTES;
  const evidence = {
    store,
    freeBytes: Number(free.bytes),
    leastBytes: Number(least),
    likelyBytes: Number(likely),
    mostBytes: Number(most),
  };
  const results: CheckResult[] = [];
  if (free.bytes < least) {
    results.push({
      id: 'space',
      group: 'store',
      status: 'critical',
      message: 'too little free space for a backup',
      evidence,
      recommendation: 'Free some space or choose another place with --backups DIR.',
    });
  } else if (free.bytes < likely) {
    results.push({
      id: 'space',
      group: 'store',
      status: 'warning',
      message: 'the free space may not be enough',
      evidence,
      recommendation: 'Free some space or choose another place with --backups DIR.',
    });
  } else results.push({ id: 'space', group: 'store', status: 'ok', message: 'enough free space', evidence });
  if (free.inodes !== null) {
    const enough = free.inodes >= BACKUP_INODES;
    results.push({
      id: 'inodes',
      group: 'store',
      status: enough ? 'ok' : 'critical',
      message: enough ? 'enough free inodes' : 'too few free inodes for a backup',
      evidence: { freeInodes: Number(free.inodes), neededInodes: Number(BACKUP_INODES) },
      ...(enough
        ? {}
        : { recommendation: 'Remove files on that file system or choose another place with --backups DIR.' }),
    });
  }
  return results;
}
