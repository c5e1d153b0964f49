import { BackupError } from '../../model/backup-error.ts';
import type { Finding } from '../../model/finding.ts';
import type { CheckResult } from '../../model/validate-report.ts';
import { isInside } from '../../paths/paths.ts';
import { sayGone, type LostState, type NotCompared } from '../lost-state.ts';
import type { SourceProblem } from './sources.ts';

const NOT_REQUIRED = 'If it may be gone, take "required" out of the config.';

/** What stands in the newest complete backup stands in the project too. */
export function checkStateGone(lost: LostState | null, problems: readonly SourceProblem[] = []): CheckResult {
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
      recommendation: `${restore} brings it back. ${
        problems.some((problem) => isSaidAsGone(problem, lost))
          ? NOT_REQUIRED
          : 'If it may be gone, take a backup as it is now: migbackup create.'
      }`,
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

/** Whether a source is required and missing, and the line that brings it back is known: then that is all that has to be said of it. */
export function isSaidAsGone(
  { code, path: place }: Pick<SourceProblem, 'code' | 'path'>,
  lost: LostState | null,
): boolean {
  if (code !== 'SOURCE_MISSING' || lost === null || lost.restore === null) return false;
  return lost.gone.some((gone) => isInside(place, gone.path) || isInside(gone.path, place));
}

/** The error of a backup that found a required source missing, with the line that brings it back where one is known; any other as it is. */
export function withRestoreLine(error: unknown, lost: LostState | null): unknown {
  if (!(error instanceof BackupError) || error.path === undefined) return error;
  const { code, message, path: place, details, cause } = error;
  if (lost === null || lost.restore === null || !isSaidAsGone({ code, path: place }, lost)) return error;
  const hint = `${lost.restore} brings it back. ${NOT_REQUIRED}`;
  return new BackupError(code, message, { hint, path: place, cause, ...(details !== undefined && { details }) });
}

function sayNotCompared({ backupId, problem }: NotCompared): string {
  return `what is there was not compared with ${backupId}: ${problem}`;
}
