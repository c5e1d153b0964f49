import { lostState, type LostState } from '../checks/lost-state.ts';
import { mendingLine } from '../change/unreadable.ts';
import { candidates, knownBackups, stands, type KnownBackup } from '../checks/preflight/backups.ts';
import { describeInterruptedGuard } from '../history/describe-guard.ts';
import { guardedBackup, visibleGuard } from '../history/marker.ts';
import { stepsOf } from '../history/undo-steps.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { Pending, StatusBackup, StatusReport } from '../model/status-report.ts';
import { startReport } from '../repository/report-head.ts';
import { Owner, readBackups } from '../repository/whose.ts';
import { pendingTransaction } from '../transaction/transaction.ts';

/** Where the project stands: what is gone, what there is to go back to, what is unfinished, what comes next. Writes nothing. */
export async function status(
  project: Project,
  _options: Record<string, never>,
  context: Context,
): Promise<StatusReport> {
  const head = startReport(context);
  const now = (context.now ?? (() => new Date()))();
  const { root, repository } = project;
  const owner = new Owner(project);
  const all = readBackups(repository);
  const own = all.filter(({ manifest, folder }) => owner.owns(manifest, folder));
  const safety = own.filter(({ kind }) => kind === 'safety').length;
  const known = knownBackups(project);
  const [latest] = candidates(known);
  const [newest] = known;
  const lost = await lostState(project, context.signal);
  const pending = pendingIn(root);
  return {
    ...head(),
    operation: 'status',
    root,
    repository,
    project: owner.identity.id,
    lost: lost && describeLost(lost),
    backups: { migration: own.length - safety, safety, ofOthers: all.length - own.length },
    latest: latest === undefined ? null : describe(latest, now),
    newer: newest === undefined || newest === latest ? null : describe(newest, now),
    pending,
    undo: undoable(
      project,
      own.map(({ id }) => id),
    ),
    next: [nextStep(pending, lost, latest)],
  };
}

function describeLost({ backupId, gone, restore, notCompared }: LostState): StatusReport['lost'] {
  const { backupId: other = null, problem = '' } = notCompared ?? {};
  const newer = other === null || other === backupId ? null : { backupId: other, problem };
  return { backupId, gone: [...gone], restore, problem: other === backupId ? problem : null, newer };
}

function describe({ ref, manifest, partial, problem, forbidden, last }: KnownBackup, now: Date): StatusBackup {
  return {
    id: ref.id,
    createdAt: ref.time.toISOString(),
    ageSeconds: Math.round((now.getTime() - ref.time.getTime()) / 1000),
    status: forbidden === null ? (problem === null ? 'readable' : 'damaged') : 'forbidden',
    completeness: partial === null ? (manifest === null ? null : 'complete') : 'partial',
    files: manifest?.totals.files ?? null,
    problem,
    lastVerification: last,
  };
}

function pendingIn(root: string): Pending[] {
  const found = unfinishedRestore(root);
  const interrupted = visibleGuard(root);
  if (interrupted !== null) {
    const message = describeInterruptedGuard(interrupted);
    found.push({ what: 'guard-interrupted', message, command: 'migbackup undo' });
  } else if (isGuarded(root)) {
    found.push({ what: 'guard-running', message: 'a guarded command is running', command: null });
  }
  return found;
}

/** A journal that cannot be trusted, or that is none, is what `recover` speaks of; where this user may not look there is nothing to recover from. */
function unfinishedRestore(root: string): Pending[] {
  const pending = (message: string): Pending[] => [
    { what: 'restore-unfinished', message, command: 'migbackup recover' },
  ];
  try {
    const journal = pendingTransaction(root);
    if (journal === null) return [];
    return pending(`the ${journal.operation} of ${journal.backupId} was interrupted and is unfinished`);
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    if (error.code !== 'IO') return pending(error.message);
    return [{ what: 'not-seen', message: `${error.message}. ${error.hint}`, command: mendingLine(error) }];
  }
}

function isGuarded(root: string): boolean {
  try {
    return guardedBackup(root) !== null;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

/** What `undo` would take back, if what it needs is there. While a restore is unfinished nobody knows. */
function undoable(project: Project, ids: readonly string[]): StatusReport['undo'] {
  try {
    const last = stepsOf(project).last?.record;
    if (last === undefined || last.safetyId === null || !ids.includes(last.safetyId)) return null;
    const { operation, time, backupId, safetyId } = last;
    return { operation, time, backupId, safetyId };
  } catch (error) {
    if (error instanceof BackupError || errnoOf(error) !== undefined) return null;
    throw error;
  }
}

function nextStep(pending: readonly Pending[], lost: LostState | null, latest: KnownBackup | undefined): string {
  const command = pending.find((one) => one.command !== null)?.command ?? lost?.restore;
  if (typeof command === 'string') return command;
  if (latest === undefined || latest.partial !== null || latest.problem !== null) return 'migbackup create';
  return stands(latest) ? 'migbackup diff' : 'migbackup verify --latest';
}
