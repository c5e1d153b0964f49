import { rememberId } from '../config/identity.ts';
import type { Project } from '../model/category.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Context } from '../model/event.ts';
import type { Finding } from '../model/finding.ts';
import { cleanMarkers, dropBallast, interruptedGuard, removeMarker } from '../history/marker.ts';
import type { Marker } from '../history/marker-schema.ts';
import { describeInterruptedGuard, wayBackOf } from '../history/describe-guard.ts';
import { operationsIn, recordOperation, removalOf } from '../history/operation-log.ts';
import { isGuardLogged, operationOfGuard, operationOfJournal, unloggedAmong } from '../history/pending-operations.ts';
import { survivors } from '../history/survivors.ts';
import { listBackups } from '../repository/catalog.ts';
import { cleanReports } from '../repository/reports.ts';
import { cleanStale, deadBackups } from '../repository/work-folder.ts';
import type { Journal } from '../transaction/journal-schema.ts';
import {
  committedFolder,
  finishedTransactions,
  recoverTransaction,
  type Recovered,
} from '../transaction/transaction.ts';
import { disposeAside } from './dispose.ts';
import { KeepOut } from './keep-out.ts';
import { setAsideFinding, withWayOn } from './way-on.ts';

/** What became of an unfinished restore, as a sentence. */
export const SAID: Record<Recovered, string> = {
  nothing: 'there was no unfinished restore',
  'removed-stage': 'a restore had been interrupted before it changed anything; what it had prepared was removed',
  completed: 'an interrupted restore was finished',
  'taken-back': 'an interrupted restore was taken back',
};

/** What every changing command does first, under the lock. It says so if there was something. */
export async function recoverLeftovers(project: Project, context: Context): Promise<Settled> {
  const settled = await settle(project, context);
  const { outcome, guard, cleaned, findings } = settled;
  if (outcome !== 'nothing') context.onEvent?.({ type: 'note', message: SAID[outcome] });
  if (guard !== null)
    context.onEvent?.({ type: 'note', message: describeInterruptedGuard(guard), next: wayBackOf(guard) });
  for (const { message } of findings) context.onEvent?.({ type: 'note', message });
  for (const message of cleaned) context.onEvent?.({ type: 'note', message });
  return settled;
}

export interface Settled {
  readonly outcome: Recovered;
  readonly guard: Marker | null;
  /** A restore was finished that the operation log does not know of. */
  readonly unlogged: boolean;
  /** What was cleaned up, a sentence each. */
  readonly cleaned: string[];
  /** What others had put in the way, and where it is kept. */
  readonly findings: Finding[];
}

/** Recovers, logs what a run that was killed could not log any more (undo must know of it), and cleans up. */
export async function settle(project: Project, context: Context): Promise<Settled> {
  rememberId(project);
  const { outcome, findings } = await recoverTree(project.root);
  const finished = finishedTransactions(project.root);
  const guard = interruptedGuard(project.root);
  const unlogged = logFinished(project, finished, context);
  logRemoved(project, context);
  const stale = [...cleanStale(project.repository), ...cleanReports(project.repository), ...cleanMarkers(project.root)];
  const logged = finished.filter((journal) => !unlogged.includes(journal));
  return {
    outcome,
    findings,
    guard: guard === null ? null : settleGuard(project, guard, context),
    unlogged: unlogged.length > 0,
    cleaned: [
      ...unlogged.map(
        ({ id }) => `the log cannot be written, so what the restore of ${id} had replaced stays until it can`,
      ),
      ...stale.map((name) => `removed ${name}, left by an interrupted run`),
      ...(await disposeFinished(project, logged)),
    ],
  };
}

/** Finishes or takes back what was killed, while nobody else can open a database that is moved for that. */
async function recoverTree(root: string): Promise<Pick<Settled, 'outcome' | 'findings'>> {
  const locks = new KeepOut(root);
  try {
    const outcome = await recoverTransaction(root, locks);
    return { outcome, findings: locks.setAside.map(setAsideFinding) };
  } catch (error) {
    throw withWayOn(error, { root, safetyId: null, again: null, setAside: locks.setAside });
  } finally {
    await locks.release();
  }
}

/** Returns those that could not be logged: as long as they lie there the next run can. */
function logFinished(project: Project, finished: readonly Journal[], context: Context): Journal[] {
  return unloggedAmong(project, finished).filter(
    (journal) => recordOperation(project, operationOfJournal(journal), context).length > 0,
  );
}

/** Logs the removals that a prune was killed in before it could; this comes before the dead name, which is all that tells of them, goes. */
function logRemoved(project: Project, context: Context): void {
  const dead = deadBackups(project.repository);
  if (dead.length === 0) return;
  const logged = new Set(
    operationsIn(project.repository).flatMap(({ operation, backupId }) => (operation === 'prune' ? [backupId] : [])),
  );
  for (const id of dead) if (!logged.has(id)) recordOperation(project, removalOf(id), context);
}

/** What a finished restore replaced goes as soon as its safety backup is seen to hold it; without one it stays until somebody removes it. */
async function disposeFinished({ root, repository }: Project, finished: readonly Journal[]): Promise<string[]> {
  const said: string[] = [];
  for (const { id, units } of finished) {
    const safety = listBackups(repository).find((ref) => ref.id === id);
    if (safety === undefined) continue;
    const kept = await disposeAside(committedFolder(root, id), safety.folder, { units }).catch(unlessBug);
    if (kept === null) said.push(`removed what the restore of ${id} had replaced: the safety backup holds it`);
  }
  return said;
}

/** A safety backup that does not read holds nothing for certain: then all is kept. */
function unlessBug(error: unknown): BackupError {
  if (error instanceof BackupError) return error;
  throw error;
}

/** Logs a command that was guarded by a run that was killed, unless its end was logged: then nobody has to hear of it. */
function settleGuard(project: Project, guard: Marker, context: Context): Marker | null {
  const known = isGuardLogged(project, guard);
  // Until what it ran has ended nobody may take it back, and the marker is all that tells of it.
  const ended = survivors(guard.token).length === 0;
  // The command may have filled the disk, and the log needs room, too.
  if (ended) dropBallast(project.root);
  if (!known) recordOperation(project, operationOfGuard(guard), context);
  if (ended) removeMarker(project.root);
  return known ? null : guard;
}
