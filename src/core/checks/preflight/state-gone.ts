import type { Finding } from '../../model/finding.ts';
import type { CheckResult } from '../../model/validate-report.ts';
import { sayGone, type LostState, type NotCompared } from '../lost-state.ts';

/** What stands in the newest complete backup stands in the project too. */
export function checkStateGone(lost: LostState | null): CheckResult {
  const about = { id: 'state-gone', group: 'state' } as const;
  if (lost === null) return { ...about, status: 'ok', message: 'there is no complete backup to compare with' };
  const { backupId, gone, restore, notCompared } = lost;
  if (restore !== null)
    return {
      ...about,
      status: 'critical',
      message: [`gone since ${backupId}: ${sayGone(gone)}`, ...(notCompared ? [sayNotCompared(notCompared)] : [])].join(
        '; ',
      ),
      paths: gone.map(({ path }) => path),
      evidence: { backupId, gone, notCompared },
      recommendation: `${restore} brings it back. If it may be gone, take a backup as it is now: migbackup create.`,
    };
  if (notCompared === null) return { ...about, status: 'ok', message: `all that ${backupId} has is there` };
  return {
    ...about,
    status: 'warning',
    evidence: { ...notCompared },
    message: sayNotCompared(notCompared),
    paths: [notCompared.folder],
    recommendation: notCompared.hint,
  };
}

/** The same for whoever takes a backup in which it will be missing. */
export function stateGone(lost: LostState | null): Finding[] {
  if (lost === null) return [];
  const { backupId, gone, restore, notCompared } = lost;
  const findings: Finding[] = [];
  if (restore !== null)
    findings.push({
      code: 'state-gone',
      severity: 'warning',
      message: `gone since ${backupId}, so this backup does not have it: ${sayGone(gone)}`,
      evidence: { backupId, gone },
      recommendation: `${restore} brings it back.`,
    });
  if (notCompared !== null)
    findings.push({
      code: 'state-not-compared',
      severity: 'warning',
      message: sayNotCompared(notCompared),
      path: notCompared.folder,
      recommendation: notCompared.hint,
    });
  return findings;
}

function sayNotCompared({ backupId, problem }: NotCompared): string {
  return `what is there was not compared with ${backupId}: ${problem}`;
}
