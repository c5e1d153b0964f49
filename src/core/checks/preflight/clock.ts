import type { CheckResult } from '../../model/validate-report.ts';
import type { BackupRef } from '../../repository/catalog.ts';

/** This program was not yet written then. */
const EARLIEST = Date.UTC(2026, 0, 1);
/** What clocks of well kept machines differ by at most. */
const TOLERANCE_MS = 60_000;

export interface ClockFacts {
  readonly now: Date;
  readonly backups: readonly BackupRef[];
  /** By how much the file system that holds the repository is ahead of us, in milliseconds; null: it could not be tried. */
  readonly repositoryAheadMs: number | null;
}

/** The clock is after what was certainly before, and the repository's file system has the same time: `--latest` and prune go by time. */
export function checkClock({ now, backups, repositoryAheadMs }: ClockFacts): CheckResult {
  const future = backups.filter((ref) => ref.time.getTime() > now.getTime() + TOLERANCE_MS);
  const wrong = [
    ...(now.getTime() < EARLIEST ? ['the clock is before this program was written'] : []),
    ...(future.length > 0 ? ['there are backups from the future: the clock has run back'] : []),
    ...(repositoryAheadMs !== null && Math.abs(repositoryAheadMs) > TOLERANCE_MS
      ? [`the file system of the backups is ${Math.round(repositoryAheadMs / 1000)} s ahead of this machine`]
      : []),
  ];
  return {
    id: 'clock',
    group: 'prerequisites',
    status: wrong.length === 0 ? 'ok' : 'warning',
    message: wrong.length === 0 ? 'the clock is past every backup' : wrong.join('; '),
    evidence: { now: now.toISOString(), repositoryAheadMs },
    ...(wrong.length === 0
      ? {}
      : { paths: future.map((ref) => ref.id), recommendation: 'Set the clock: --latest and prune go by time.' }),
  };
}
