import type { Finding } from '../../model/finding.ts';
import type { CheckResult } from '../../model/validate-report.ts';
import { sayGone, type LostState } from '../lost-state.ts';

/** What stands in the newest complete backup stands in the project too. */
export function checkStateGone(lost: LostState | null): CheckResult {
  const about = { id: 'state-gone', group: 'state' } as const;
  if (lost === null) return { ...about, status: 'ok', message: 'there is no complete backup to compare with' };
  const { backupId, gone, restore, problem } = lost;
  if (problem !== null)
    return {
      ...about,
      status: 'warning',
      evidence: { backupId, problem },
      message: `what is there was not compared with ${backupId}: ${problem}`,
      recommendation: 'migbackup verify says what is wrong with it; take a new one with migbackup create.',
    };
  if (restore === null) return { ...about, status: 'ok', message: `all that ${backupId} has is there` };
  return {
    ...about,
    status: 'critical',
    message: `gone since ${backupId}: ${sayGone(gone)}`,
    paths: gone.map(({ path }) => path),
    evidence: { backupId, gone },
    recommendation: `${restore} brings it back. If it may be gone, take a backup as it is now: migbackup create.`,
  };
}

/** The same for whoever takes a backup in which it will be missing. */
export function stateGone(lost: LostState | null): Finding[] {
  if (lost === null || lost.restore === null) return [];
  const { backupId, gone, restore } = lost;
  return [
    {
      code: 'state-gone',
      severity: 'warning',
      message: `gone since ${backupId}, so this backup does not have it: ${sayGone(gone)}`,
      evidence: { backupId, gone },
      recommendation: `${restore} brings it back.`,
    },
  ];
}
