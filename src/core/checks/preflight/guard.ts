import type { CheckResult } from '../../model/validate-report.ts';

/** What is on record of a guarded command whose guard was killed, and the sentence that tells it. */
export interface HalfDone {
  readonly said: string;
  readonly backupId: string;
  readonly command: readonly string[];
  readonly startedAt: string;
}

/** A guarded command whose guard was killed: its half work is still there. */
export function checkGuard(halfDone: HalfDone | null): CheckResult {
  const about = { id: 'guard', group: 'project' } as const;
  if (halfDone === null) return { ...about, status: 'ok', message: 'no guarded command was left half done' };
  const recommendation = 'migbackup undo takes back what the command did; migbackup recover keeps it.';
  const { said, ...evidence } = halfDone;
  return { ...about, status: 'warning', message: said, evidence, recommendation };
}
