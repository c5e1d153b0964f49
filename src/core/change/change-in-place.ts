/*
 * Room "change": the one flow that changes a project in place. restore, undo and guard's way back use it. A caller verifies the backup, plans
 * (plan-restore.ts), asks for approval (approve.ts) and hands the plan to changeInPlace, which takes the safety backup, stages, swaps, checks and
 * logs. What must stay true: whatever is overwritten is held by the safety backup or by .migbackup/txn.
 */
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { engineOf, type DatabaseAt } from '../databases/engines.ts';
import { isInside } from '../paths/paths.ts';
import { escapeName } from '../paths/names.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { Entry } from '../model/entry.ts';
import { noCounts, type Counts } from '../model/counts.ts';
import type { Context } from '../model/event.ts';
import type { Finding } from '../model/finding.ts';
import type { RestoreReport } from '../model/restore-report.ts';
import type { SelectedBackup } from '../repository/selected.ts';
import { wholeSync } from '../fs/whole-sync.ts';
import { runTransaction } from '../transaction/transaction.ts';
import type { TakenBackup } from '../capture/take-backup.ts';
import { recordOperation } from '../history/operation-log.ts';
import { checkPlaces, checkRestored } from './check-target.ts';
import { disposeAside } from './dispose.ts';
import { recordCreatedPaths } from './created-paths.ts';
import { KeepOut } from './keep-out.ts';
import { planAsHeld } from './plan-as-held.ts';
import type { Planned } from './plan-restore.ts';
import { PARTIAL_PREFIX } from '../format/layout.ts';
import { proveRestoredDatabases } from '../extract/prove-restored.ts';
import { takeSafety } from './take-safety.ts';
import type { VerifiedBackup } from '../extract/verify-for-restore.ts';
import { writeEntries } from '../extract/write-entries.ts';
import { setAsideFinding, withWayOn } from './way-on.ts';

/** A change of a project that was planned, verified and approved. */
export interface ChangeInPlace {
  readonly project: Project;
  readonly selected: SelectedBackup;
  readonly verified: VerifiedBackup;
  readonly planned: Planned;
  /** Plans again. Until we hold its lock, a process that has a database open may write to it after the plan was made. */
  readonly replan: () => Promise<Planned>;
  /** The name of the operation in the log and in the safety backup's note. */
  readonly operation: 'restore' | 'undo' | 'guard';
  readonly safetyBackup: boolean;
  /** Give everything that is brought back its owner and group too. */
  readonly owner: boolean;
  /** The exit code that the operation log records. */
  readonly exit: number;
  /** The command line that tries again; null if the caller itself says what to do next. */
  readonly again: string | null;
}

export interface Changed {
  readonly restored: Counts;
  readonly safetyBackup: string | null;
  readonly findings: Finding[];
}

type Outcome = Pick<RestoreReport, 'restored' | 'safetyBackup' | 'checked' | 'findings' | 'next' | 'reportFile'>;

/** The values of a report about a change that was not made. */
export function nothingRestored(): Outcome {
  return { restored: noCounts(), safetyBackup: null, checked: false, findings: [], next: [], reportFile: null };
}

/**
 * Carries out the plan as one transaction: safety backup, stage, swap, check, commit, log. The caller holds the locks. After any error the project is
 * as it was. Only ROLLBACK_FAILED means that it is between the old and the new state. Throws the error that stopped it.
 */
export async function changeInPlace(change: ChangeInPlace, context: Context): Promise<Changed> {
  const { project, verified } = change;
  const locks = new KeepOut(project.root, verified.manifest);
  const swapped = await swapLocked(change, locks, context);
  const { restored, safety, committed, transactionId, unrecorded, planned, staying } = swapped;
  const safetyId = safety?.manifest.backupId ?? null;
  // The log comes first, so that a committed change can be undone even if the process ends here.
  const { exit, operation, selected } = change;
  const done = { operation, backupId: selected.id, planHash: planned.plan.hash, safetyId, transactionId, exit };
  const unlogged = recordOperation(project, done, context);
  const findings = [
    ...planned.findings,
    ...unrecorded,
    ...locks.setAside.map(setAsideFinding),
    ...staying,
    ...unlogged,
  ];
  // Without a log entry the transaction is the only record of the change, so it stays until a later command has logged it.
  if (unlogged.length > 0 && safety !== null) return { restored, safetyBackup: safetyId, findings };
  // The change is done. What fails from here on is reported, but the change has not failed.
  const kept = await disposeOrKeep(committed, safety, planned).catch((error: unknown) => leftBehind(committed, error));
  return { restored, safetyBackup: safetyId, findings: kept === null ? findings : [kept, ...findings] };
}

interface Swapped {
  readonly restored: Counts;
  readonly safety: TakenBackup | null;
  /** What could not be recorded. */
  readonly unrecorded: Finding[];
  readonly committed: string;
  readonly transactionId: string;
  /** Names the processes that still have a replaced file open. */
  readonly staying: Finding[];
  /** The plan that was carried out. */
  readonly planned: Planned;
}

async function swapLocked(change: ChangeInPlace, locks: KeepOut, context: Context): Promise<Swapped> {
  try {
    const swapped = await swap(change, locks, context);
    return { ...swapped, staying: await locks.whoStays(context.signal) };
  } finally {
    await locks.release();
  }
}

/** Everything up to the commit. Meanwhile nobody else can open a database that is replaced or brought in. */
async function swap(asked: ChangeInPlace, locks: KeepOut, context: Context): Promise<Omit<Swapped, 'staying'>> {
  const { project, selected, operation } = asked;
  // Callers have checked the places before they asked for approval, and the answer may have taken long.
  checkPlaces(project.root, asked.planned.changes);
  const planned = await planAsHeld(asked, locks);
  const change = { ...asked, planned };
  const { changes } = planned;
  const safety = change.safetyBackup
    ? await takeSafety(project, planned, `before ${operation} of ${selected.id}`, context)
    : null;
  const safetyId = safety?.manifest.backupId ?? null;
  try {
    const adds = (safety?.manifest.absent ?? []).length > 0;
    const unrecorded = safetyId !== null && adds ? await recordCreatedPaths(project.repository, safetyId, changes) : [];
    const transactionId = safetyId ?? `${operation}-${Date.now()}`;
    return { ...(await runChange(change, transactionId, locks, context)), safety, unrecorded, transactionId, planned };
  } catch (error) {
    const { setAside } = locks;
    // A process that has opened what was moved in meanwhile would write its journal beside the old database, which is back in place.
    const staying = await locks.whoStays(context.signal);
    throw withWayOn(error, { root: project.root, safetyId, again: change.again, setAside, staying });
  }
}

async function runChange(
  { project, selected, verified, planned, operation, owner }: ChangeInPlace,
  transactionId: string,
  locks: KeepOut,
  context: Context,
): Promise<Pick<Swapped, 'restored' | 'committed'>> {
  const { changes } = planned;
  let restored = noCounts();
  context.onEvent?.({ type: 'phase-begin', phase: 'restoring', files: changes.inodes, bytes: changes.bytes });
  const committed = await runTransaction({
    root: project.root,
    journal: {
      version: 1,
      id: transactionId,
      backupId: selected.id,
      operation,
      planHash: planned.plan.hash,
      startedAt: new Date().toISOString(),
      units: [...changes.units],
      meta: [...changes.meta],
    },
    async stage(folder) {
      const place = stagePlaces(folder, changes.content, changes.units);
      const categories = new Set([...changes.content.values()].flat().map((entry) => entry.category));
      restored = await writeEntries(
        {
          folder: selected.folder,
          manifest: verified.manifest,
          base: folder,
          place,
          categories,
          everything: false,
          syncAll: await wholeSync(folder, changes.inodes),
          owner,
          beforeFinish: () => locks.holdStaged(folder, changes.units, changes.content, owner),
        },
        context,
      );
      locks.assertHeld();
    },
    async check() {
      checkRestored(project.root, changes);
      const swapped = ({ path: at, engine }: DatabaseAt): boolean => {
        const is = engineOf(engine);
        const marker = is.pathOf(at, is.marker);
        return changes.units.some(
          (unit) => unit.database?.path === at || isInside(marker, unit.path) || isInside(unit.path, at),
        );
      };
      const scratch = path.join(project.repository, `${PARTIAL_PREFIX}check-${transactionId}`);
      await proveRestoredDatabases(verified.manifest, project.root, scratch, swapped, context);
      locks.assertHeld();
    },
    signal: context.signal,
    surroundings: locks,
  });
  return { restored, committed };
}

/** The place of an entry in the stage: `stage/<n>` for a unit itself, and a path below that for what is in its folder. */
function stagePlaces(
  folder: string,
  content: ReadonlyMap<number, readonly Entry[]>,
  units: Planned['changes']['units'],
): (entry: Entry) => string | null {
  const places = new Map<string, { readonly place: string; readonly verified: Entry }>();
  for (const unit of units) {
    const base = path.join(folder, String(unit.n));
    for (const entry of content.get(unit.n) ?? []) {
      const below = entry.path.slice(unit.path.length + 1).split('/');
      places.set(entry.path, { place: entry.path === unit.path ? base : path.join(base, ...below), verified: entry });
    }
  }
  return (entry) => {
    const known = places.get(entry.path);
    if (known === undefined) return null;
    // The index is read again here, and only what was verified may be staged.
    if (isDeepStrictEqual(entry, known.verified)) return known.place;
    throw new BackupError('BACKUP_DAMAGED', `${escapeName(entry.path)} changed in the backup after it was verified`, {
      hint: 'Find out who writes to the backup while it is restored, and verify it again.',
      path: entry.path,
    });
  };
}

async function disposeOrKeep(
  committed: string,
  safety: TakenBackup | null,
  { changes }: Planned,
): Promise<Finding | null> {
  if (safety !== null) return disposeAside(committed, safety.folder, changes);
  return {
    code: 'aside-kept',
    severity: 'info',
    message: `there is no safety backup, so what was replaced is kept in ${committed}`,
    path: committed,
    recommendation: 'Remove that folder when you no longer need it.',
  };
}

function leftBehind(committed: string, error: unknown): Finding {
  const why = error instanceof Error ? error.message : String(error);
  return {
    code: 'aside-kept',
    severity: 'warning',
    message: `what was replaced is kept in ${committed}, because it could not be compared with the safety backup: ${why}`,
    path: committed,
    recommendation: 'Run migbackup recover to try again. The next command that changes something also tries again.',
  };
}
