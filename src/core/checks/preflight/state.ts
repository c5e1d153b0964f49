import { BackupError } from '../../model/backup-error.ts';
import type { Finding } from '../../model/finding.ts';
import { plural } from '../../model/plural.ts';
import type { CheckResult } from '../../model/validate-report.ts';
import { isInside } from '../../paths/paths.ts';
import type { GitStates } from '../../scan/git-facts.ts';
import { type LostState, type NotCompared, sayGone, sayWayBack } from '../lost-state.ts';
import type { SourceProblem } from './inventory.ts';

const ACCEPT = 'migbackup create --accept-gone.';
const NOT_REQUIRED = `If it may be gone, take "required" out of the config. Then accept that: ${ACCEPT}`;

/** Checks that the project still has what complete backups have, or that somebody has accepted the loss. */
export function checkStateGone(lost: readonly LostState[], problems: readonly SourceProblem[] = []): CheckResult[] {
  const about = { id: 'state-gone', group: 'state' } as const;
  const wrong = lost.flatMap((each): CheckResult[] => {
    const { backupId, gone, newer } = each;
    if (gone.length === 0)
      return notCompared(each).map((hidden) => ({
        ...about,
        status: 'warning',
        evidence: { ...hidden },
        message: sayNotCompared(hidden),
        paths: [hidden.folder],
        recommendation: hidden.hint,
      }));
    const isRequired = problems.some((problem) => isSaidAsGone(problem, [each]));
    return [
      {
        ...about,
        status: 'critical',
        message: [`gone since ${backupId}: ${sayGone(gone)}`, ...notCompared(each).map(sayNotCompared)].join('; '),
        paths: gone.map(({ path }) => path),
        evidence: { backupId, gone, notCompared: newer },
        recommendation: `${sayWayBack(each)} ${isRequired ? NOT_REQUIRED : `If it may be gone, accept that: ${ACCEPT}`}`,
      },
    ];
  });
  if (wrong.length > 0) return wrong;
  const [newest] = lost;
  const message =
    newest === undefined
      ? 'there is no complete backup to compare with'
      : `everything in ${newest.backupId} is still there`;
  return [{ ...about, status: 'ok', message }];
}

/**
 * Findings for a backup that will not have what is gone. The backup keeps them too: they tell the next comparison which older backups have something,
 * or may have something, that this one lacks.
 */
export function stateGone(lost: readonly LostState[]): Finding[] {
  return lost.flatMap((each): Finding[] => {
    const { backupId, gone } = each;
    const hidden = notCompared(each).map((one): Finding => {
      const about = { code: 'state-not-compared', severity: 'warning', path: one.folder } as const;
      return { ...about, message: sayNotCompared(one), evidence: evidenceOf(one), recommendation: one.hint };
    });
    if (gone.length === 0) return hidden;
    const message = `gone since ${backupId}, so this backup does not have it: ${sayGone(gone)}`;
    const about = { code: 'state-gone', severity: 'warning' } as const;
    return [{ ...about, message, evidence: { backupId, gone }, recommendation: sayWayBack(each) }, ...hidden];
  });
}

/**
 * Findings for a user who accepts the loss. A backup that keeps neither `state-gone` nor `state-not-compared` names no older backup, so the next
 * comparison begins with it.
 */
export function goneAccepted(lost: readonly LostState[]): Finding[] {
  return lost.flatMap((each): Finding[] => {
    const { backupId, gone } = each;
    const about = { code: 'gone-accepted', severity: 'info' } as const;
    const hidden = notCompared(each).map((one): Finding => {
      return { ...about, message: sayNotCompared(one), evidence: evidenceOf(one) };
    });
    if (gone.length === 0) return hidden;
    const message = `gone since ${backupId}, and accepted: ${sayGone(gone)}`;
    return [{ ...about, message, evidence: { backupId, gone } }, ...hidden];
  });
}

/** Whether a problem is a missing required source which a known command line brings back. Then no other check has to report it. */
export function isSaidAsGone(problem: Pick<SourceProblem, 'code' | 'path'>, lost: readonly LostState[]): boolean {
  return lineFor(problem, lost) !== null;
}

/** Adds to the error about a missing required source the command line that brings the source back, if one is known. Returns any other error as it is. */
export function withRestoreLine(error: unknown, lost: readonly LostState[]): unknown {
  if (!(error instanceof BackupError) || error.path === undefined) return error;
  const { code, message, path: place, details, cause } = error;
  const line = lineFor({ code, path: place }, lost);
  if (line === null) return error;
  const hint = `${line} brings it back. ${NOT_REQUIRED}`;
  return new BackupError(code, message, { hint, path: place, cause, ...(details !== undefined && { details }) });
}

/** The command line that brings back a required source that is missing. */
function lineFor(
  { code, path: place }: Pick<SourceProblem, 'code' | 'path'>,
  lost: readonly LostState[],
): string | null {
  if (code !== 'SOURCE_MISSING') return null;
  const from = lost.find(({ brings }) =>
    brings.some(({ path: gone }) => isInside(place, gone) || isInside(gone, place)),
  );
  return from?.restore ?? null;
}

/** The backups that nothing was compared with: this one, and a newer one. */
function notCompared({ notCompared: itself, newer }: LostState): NotCompared[] {
  return [itself, newer].filter((one) => one !== null);
}

/** The next comparison looks again at the backup that is named here, so a backup that may be another project's is not named. */
function evidenceOf({ backupId, problem, isOwn }: NotCompared): Finding['evidence'] {
  return isOwn ? { backupId, problem } : { problem };
}

function sayNotCompared({ backupId, problem }: NotCompared): string {
  return `the project was not compared with ${backupId}: ${problem}`;
}

/** One result for each finding about what is in no category, or one that says that there is nothing. */
export function checkCovered(findings: readonly Finding[]): CheckResult[] {
  return [
    ...checksOf(
      'coverage',
      findings.filter(({ code }) => code === 'coverage'),
      'everything that looks like state is in a category',
    ),
    ...checksOf(
      'secrets-not-covered',
      findings.filter(({ code }) => code === 'secret-not-covered'),
      'everything that may hold secrets is in a category',
    ),
  ];
}

function checksOf(id: 'coverage' | 'secrets-not-covered', findings: readonly Finding[], good: string): CheckResult[] {
  const about = { id, group: 'coverage' } as const;
  if (findings.length === 0) return [{ ...about, status: 'ok', message: good }];
  return findings.map(({ message, severity, evidence = {}, paths = [], recommendation }) => ({
    ...about,
    status: severity === 'info' ? 'info' : 'warning',
    message,
    evidence,
    paths,
    ...(recommendation === undefined ? {} : { recommendation }),
  }));
}

interface Stored {
  readonly path: string;
  readonly bytes: number;
  /** What a person knows it by: the path of its source, or its root. */
  readonly source: string;
}

/** Says how much of the state is in no other place that git knows of. A backup is another place, but one on the same machine. */
export function checkOnlyHere(files: readonly Stored[], git: GitStates | undefined): CheckResult {
  const only = files.filter(({ path }) => git?.stateOf(path) !== 'pushed');
  const bytes = (some: readonly Stored[]): number => some.reduce((sum, one) => sum + one.bytes, 0);
  const evidence = {
    files: only.length,
    bytes: bytes(only),
    of: { files: files.length, bytes: bytes(files) },
    git: git !== undefined,
  };
  const about = { id: 'only-here', group: 'coverage', evidence } as const;
  if (only.length === 0)
    return { ...about, status: 'ok', message: 'git has all of the state, unchanged, in commits that a remote has' };
  const amount = `${only.length} of ${plural(files.length, 'file')} of state (${evidence.bytes} of ${plural(evidence.of.bytes, 'byte')})`;
  const message =
    git === undefined
      ? `git knows nothing of this folder, so nothing shows that any of the ${plural(files.length, 'file')} of state (${plural(evidence.bytes, 'byte')}) exists outside of it and its backups`
      : `${amount} ${only.length === 1 ? 'is' : 'are'} in no commit that a remote has: ${only.length === 1 ? 'it exists' : 'they exist'} only here and in backups`;
  const paths = [...new Set(only.map(({ source }) => source))];
  const recommendation =
    'Keep a copy of the backups on another machine: migbackup push sends them to a remote, migbackup export makes one file of a backup.';
  return { ...about, status: 'info', message, paths, recommendation };
}
