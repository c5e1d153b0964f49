import { freeSpace } from '../../fs/space.ts';
import type { Manifest } from '../../model/manifest.ts';
import type { CheckResult } from '../../model/validate-report.ts';

/** Room kept free beside the backup: the file system and others need to go on working. */
export const RESERVE_BYTES = 16n * 1024n * 1024n;
/** No real project state was seen to shrink further than this, so with less room than that a backup cannot succeed. */
const BEST_RATIO = 30n;
/** Files that a backup makes: its archives and lists. */
export const BACKUP_INODES = 64n;
/** Header, index and sums of one entry, compressed. */
const HEADER_BYTES = 512n;
/** How many earlier backups speak for how far a category shrinks. */
const RATIOS = 5;

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

export interface SpaceNeeds {
  /** What the inventory counts. */
  readonly bytes: ReadonlyMap<string, number>;
  readonly entries: number;
  /** Stored bytes per byte of a category, as earlier backups measured it. */
  readonly ratios: ReadonlyMap<string, number>;
}

/** Stored bytes per byte of each category: the worst of the newest readable backups that hold it. */
export function ratiosOf(manifests: readonly Manifest[]): Map<string, number> {
  const ratios = new Map<string, number[]>();
  for (const { categories } of manifests) {
    for (const [name, { bytes, archive }] of Object.entries(categories)) {
      const seen = ratios.get(name) ?? [];
      if (archive !== undefined && bytes > 0 && seen.length < RATIOS) ratios.set(name, [...seen, archive.size / bytes]);
    }
  }
  return new Map([...ratios].map(([name, seen]) => [name, Math.max(...seen)]));
}

/** Measured free bytes where the backup will go, against the inventory and the ratios of earlier backups. */
export function checkSpace(repository: string, { bytes, entries, ratios }: SpaceNeeds): CheckResult {
  const free = freeSpace(repository);
  const total = [...bytes.values()].reduce((sum, one) => sum + one, 0);
  const { least, most } = estimateSpace(total, entries);
  let likely = RESERVE_BYTES + BigInt(entries) * HEADER_BYTES;
  for (const [name, size] of bytes) likely += estimateCategory(size, ratios.get(name));
  const evidence = {
    repository,
    freeBytes: Number(free.bytes),
    leastBytes: Number(least),
    likelyBytes: Number(likely),
    mostBytes: Number(most),
    ratios: Object.fromEntries(ratios),
  };
  const about = { id: 'space', group: 'repository', evidence } as const;
  if (free.bytes >= likely) return { ...about, status: 'ok', message: 'enough free space' };
  const recommendation = 'Free some space or choose another place with --backups DIR.';
  return free.bytes < least
    ? { ...about, status: 'critical', message: 'too little free space for a backup', recommendation }
    : { ...about, status: 'warning', message: 'the free space may not be enough', recommendation };
}

/** A fifth more than it took last time; where nobody knows, as much as it can take. */
function estimateCategory(bytes: number, ratio: number | undefined): bigint {
  return BigInt(Math.ceil(bytes * (ratio === undefined ? 1.01 : ratio * 1.2)));
}

/** The free inodes measured where the backup will go; null where the file system does not count them, and then there is nothing to say. */
export function checkInodes(inodes: bigint | null): CheckResult[] {
  if (inodes === null) return [];
  const enough = inodes >= BACKUP_INODES;
  return [
    {
      id: 'inodes',
      group: 'repository',
      status: enough ? 'ok' : 'critical',
      message: enough ? 'enough free inodes' : 'too few free inodes for a backup',
      evidence: { freeInodes: Number(inodes), neededInodes: Number(BACKUP_INODES) },
      ...(enough
        ? {}
        : { recommendation: 'Remove files on that file system or choose another place with --backups DIR.' }),
    },
  ];
}
