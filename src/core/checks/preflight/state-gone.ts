import type { Finding } from '../../model/finding.ts';
import type { CheckResult } from '../../model/validate-report.ts';
import { sayGone, sayWayBack, type LostState } from '../lost-state.ts';

/** What complete backups have stands in the project too, or somebody has accepted that it does not. */
export function checkStateGone(lost: readonly LostState[]): CheckResult[] {
  const about = { id: 'state-gone', group: 'state' } as const;
  const wrong = lost.flatMap((each): CheckResult[] => {
    const { backupId, gone, problem } = each;
    if (problem !== null)
      return [
        {
          ...about,
          status: 'warning',
          evidence: { backupId, problem },
          message: notCompared(each),
          recommendation: NOT_COMPARED,
        },
      ];
    if (gone.length === 0) return [];
    return [
      {
        ...about,
        status: 'critical',
        message: `gone since ${backupId}: ${sayGone(gone)}`,
        paths: gone.map(({ path }) => path),
        evidence: { backupId, gone },
        recommendation: `${sayWayBack(each)} If it may be gone, accept that: migbackup create --accept-gone.`,
      },
    ];
  });
  if (wrong.length > 0) return wrong;
  const [newest] = lost;
  const message =
    newest === undefined ? 'there is no complete backup to compare with' : `all that ${newest.backupId} has is there`;
  return [{ ...about, status: 'ok', message }];
}

const NOT_COMPARED =
  'Mount or mend what holds it; migbackup verify says what is wrong with it. If there is nothing to compare with, accept that: migbackup create --accept-gone.';

const notCompared = ({ backupId, problem }: LostState): string =>
  `what is there was not compared with ${backupId}: ${problem}`;

const isSaid = ({ gone, problem }: LostState): boolean => gone.length > 0 || problem !== null;

/**
 * The same for whoever takes a backup in which it will be missing. The backup keeps these findings too: by them the next comparison knows which
 * older backups have something that this one lacks.
 */
export function stateGone(lost: readonly LostState[]): Finding[] {
  return lost.filter(isSaid).map((each): Finding => {
    const { backupId, gone, problem } = each;
    const about = { code: 'state-gone', severity: 'warning' } as const;
    if (problem !== null) {
      return { ...about, message: notCompared(each), evidence: { backupId, problem }, recommendation: NOT_COMPARED };
    }
    const message = `gone since ${backupId}, so this backup does not have it: ${sayGone(gone)}`;
    return { ...about, message, evidence: { backupId, gone }, recommendation: sayWayBack(each) };
  });
}

/** For whoever says that it may be gone: a backup that keeps no `state-gone` is what the next comparison begins with. */
export function goneAccepted(lost: readonly LostState[]): Finding[] {
  return lost.filter(isSaid).map((each): Finding => {
    const { backupId, gone, problem } = each;
    return {
      code: 'gone-accepted',
      severity: 'info',
      message: problem === null ? `gone since ${backupId}, and accepted: ${sayGone(gone)}` : notCompared(each),
      evidence: problem === null ? { backupId, gone } : { backupId, problem },
    };
  });
}
