import path from 'node:path';
import { rememberProject } from '../config/checkout.ts';
import type { Project } from '../model/category.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import type { Context } from '../model/event.ts';
import type { Finding } from '../model/finding.ts';
import { deadScratch } from '../databases/locks/scratch-places.ts';
import { removeLeftOver, type LeftOver } from '../fs/left-over.ts';
import { releaseClaims } from '../history/claim.ts';
import { cleanMarkers, dropBallast, interruptedGuard, removeMarker } from '../history/marker.ts';
import type { Marker } from '../history/marker-schema.ts';
import { describeInterruptedGuard, wayBackOf } from '../history/describe-guard.ts';
import { operationsIn, recordOperation, removalOf } from '../history/operation-log.ts';
import { isGuardLogged, operationOfGuard, operationOfJournal, unloggedAmong } from '../history/pending-operations.ts';
import { survivors } from '../history/survivors.ts';
import { listBackups } from '../repository/catalog.ts';
import { cleanReports } from '../repository/reports.ts';
import { cleanStale, deadBackups } from '../repository/work-folder.ts';
import { statePaths } from '../transaction/state-folder.ts';
import type { Journal } from '../transaction/journal-schema.ts';
import {
  committedFolder,
  finishedTransactions,
  recoverTransaction,
  type Recovered,
} from '../transaction/transaction.ts';
import { disposeAside } from './dispose.ts';
import { leftOverFinding } from './left-over-finding.ts';
import { KeepOut } from './keep-out.ts';
import { setAsideFinding, withWayOn } from './way-on.ts';

/** Sentences that say what happened to an unfinished restore. */
export const SAID: Record<Recovered, string> = {
  nothing: 'there was no unfinished restore',
  'removed-stage': 'a restore had been interrupted before it changed anything; what it had prepared was removed',
  completed: 'an interrupted restore was finished',
  'taken-back': 'an interrupted restore was taken back',
};

/** What every changing command does first, under the lock. It tells the user if there was anything to do. */
export async function recoverLeftovers(project: Project, context: Context): Promise<Settled> {
  const settled = await settle(project, context);
  const { outcome, guard, cleaned, findings } = settled;
  if (outcome !== 'nothing') context.onEvent?.({ type: 'note', message: SAID[outcome] });
  if (guard !== null)
    context.onEvent?.({ type: 'note', message: describeInterruptedGuard(guard), next: wayBackOf(guard) });
  noteFindings(findings, context);
  for (const message of cleaned) context.onEvent?.({ type: 'note', message });
  return settled;
}

/** Tells findings as notes, each with what to do about it. */
function noteFindings(findings: readonly Finding[], context: Context): void {
  for (const { message, recommendation } of findings) {
    context.onEvent?.({ type: 'note', message, ...(recommendation !== undefined && { next: recommendation }) });
  }
}

export interface Settled {
  readonly outcome: Recovered;
  readonly guard: Marker | null;
  /** Whether a finished restore is missing in the operation log. */
  readonly unlogged: boolean;
  /** One sentence for each thing that was cleaned up. */
  readonly cleaned: string[];
  /** What other processes had put in the way and where it is kept, and what could not be cleaned up. */
  readonly findings: Finding[];
}

/** Recovers, logs what a killed run could not log (undo needs that), and cleans up. */
export async function settle(project: Project, context: Context): Promise<Settled> {
  rememberProject(project);
  const { outcome, findings } = await recoverTree(project.root, context.signal);
  const finished = finishedTransactions(project.root);
  const guard = interruptedGuard(project.root);
  const unlogged = logFinished(project, finished, context);
  logRemoved(project, context);
  const left: LeftOver[] = [];
  const { repository, root } = project;
  const stale = [
    ...cleanStale(repository, left),
    ...cleanReports(repository, left),
    ...cleanMarkers(root, left),
    ...cleanScratch(root, left),
  ];
  const logged = finished.filter((journal) => !unlogged.includes(journal));
  const disposed = await disposeFinished(project, logged);
  const settled = guard === null ? null : settleGuard(project, guard, context);
  releaseClaims(project);
  return {
    outcome,
    findings: [...findings, ...left.map(leftOverFinding), ...disposed.findings],
    guard: settled,
    unlogged: unlogged.length > 0,
    cleaned: [
      ...unlogged.map(
        ({ id }) => `the operation log cannot be written; what the restore of ${id} had replaced stays until it can be`,
      ),
      ...stale.map((name) => `removed ${name}, left by an interrupted run`),
      ...disposed.said,
    ],
  };
}

/** Removes scratch folders of killed runs, and returns their names. */
function cleanScratch(root: string, left: LeftOver[]): string[] {
  const { state } = statePaths(root);
  return deadScratch(state).filter((name) => removeLeftOver(path.join(state, name), left));
}

/** Finishes or takes back a killed change. Meanwhile nobody else can open a database that has to be moved. */
async function recoverTree(
  root: string,
  signal: AbortSignal | undefined,
): Promise<Pick<Settled, 'outcome' | 'findings'>> {
  const locks = new KeepOut(root);
  const left: LeftOver[] = [];
  try {
    const outcome = await recoverTransaction(root, locks, left);
    const found = [...locks.setAside.map(setAsideFinding), ...left.map(leftOverFinding)];
    return { outcome, findings: [...found, ...(await locks.whoStays(signal))] };
  } catch (error) {
    throw withWayOn(error, { root, safetyId: null, again: null, setAside: locks.setAside, staying: [] });
  } finally {
    await locks.release();
  }
}

/** Returns the ones that could not be logged. They must stay, so that the next run can log them. */
function logFinished(project: Project, finished: readonly Journal[], context: Context): Journal[] {
  return unloggedOf(project, finished).filter(
    (journal) => recordOperation(project, operationOfJournal(journal), context).length > 0,
  );
}

/** If the log cannot be read, nobody knows which ones are in it. Then none may be disposed of, so all of them count as not logged. */
function unloggedOf(project: Project, finished: readonly Journal[]): readonly Journal[] {
  try {
    return unloggedAmong(project, finished);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return finished;
  }
}

/**
 * Logs the removals of a prune that was killed before it could log them. The dead name is their only trace, so this has to happen before it is
 * cleaned up.
 */
function logRemoved(project: Project, context: Context): void {
  const dead = deadBackups(project.repository);
  if (dead.length === 0) return;
  const logged = new Set(
    operationsIn(project.repository).flatMap(({ operation, backupId }) => (operation === 'prune' ? [backupId] : [])),
  );
  for (const id of dead) if (!logged.has(id)) recordOperation(project, removalOf(id), context);
}

/** Removes what a finished restore replaced, if its safety backup is seen to hold it. Without a safety backup, it stays until somebody removes it. */
async function disposeFinished(
  { root, repository }: Project,
  finished: readonly Journal[],
): Promise<{ said: string[]; findings: Finding[] }> {
  const said: string[] = [];
  const findings: Finding[] = [];
  for (const { id, units } of finished) {
    const safety = listBackups(repository).find((ref) => ref.id === id);
    if (safety === undefined) continue;
    const kept = await disposeAside(committedFolder(root, id), safety.folder, { units }).catch(unlessBug);
    if (kept === null) said.push(`removed what the restore of ${id} had replaced: the safety backup holds it`);
    else if (!(kept instanceof BackupError) && kept.code === 'not-removed') findings.push(kept);
  }
  return { said, findings };
}

/**
 * Returns the error if it says that the safety backup cannot be read: it is not certain then that the backup holds anything, so what was replaced is
 * kept. Throws any other error, because that is a bug.
 */
function unlessBug(error: unknown): BackupError {
  if (error instanceof BackupError) return error;
  throw error;
}

/**
 * Logs the guarded command of a run that was killed. If the end of the command is in the log already, this returns null, because nobody has to learn
 * of it.
 */
function settleGuard(project: Project, guard: Marker, context: Context): Marker | null {
  const known = isGuardLogged(project, guard);
  // The command may still be running. Until it has ended nobody may take it back, and the marker is the only trace of it.
  const ended = survivors(guard.token).length === 0;
  // The command may have filled the disk, and the log needs space.
  if (ended) dropBallast(project.root);
  if (!known) recordOperation(project, operationOfGuard(guard), context);
  if (ended) removeMarker(project.root);
  return known ? null : guard;
}
