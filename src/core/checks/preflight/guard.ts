import type { CheckResult } from '../../model/validate-report.ts';

/**
 * A guarded command whose guard was killed: its half work is still there.
 * @param said what is known of it, or null
 */
export function checkGuard(said: string | null): CheckResult {
  const about = { id: 'guard', group: 'project' } as const;
  if (said === null) return { ...about, status: 'ok', message: 'no guarded command was left half done' };
  const recommendation = 'migbackup undo takes back what the command did; migbackup recover keeps it.';
  return { ...about, status: 'warning', message: said, recommendation };
}
