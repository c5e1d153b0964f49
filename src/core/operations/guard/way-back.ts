import { engineOf, type DatabaseAt } from '../../databases/engines.ts';
import { databasesOf } from '../../model/stated-databases.ts';
import { isInside } from '../../paths/paths.ts';
import { escapeName } from '../../paths/names.ts';
import { BackupError } from '../../model/backup-error.ts';
import type { Project } from '../../model/category.ts';
import type { Context } from '../../model/event.ts';
import type { Finding } from '../../model/finding.ts';
import type { SelectedBackup } from '../../repository/selected.ts';
import { recoverLeftovers } from '../../change/settle.ts';
import { changeInPlace } from '../../change/change-in-place.ts';
import { maySetOwners } from '../../extract/owner.ts';
import { planRestore, type Planned } from '../../change/plan-restore.ts';
import { verifyForRestore } from '../../extract/verify-for-restore.ts';
import { withLocks } from '../../repository/with-locks.ts';

/** The exit code that the operation log records: the command failed and everything was brought back. */
const ROLLED_BACK = 20;

export interface WentBack {
  /** Holds what the command left; null if it had changed nothing. */
  readonly safetyBackup: string | null;
  readonly findings: Finding[];
}

/** The backup that was just taken. Whatever happens to its folder meanwhile, the way back takes only these bytes. */
export function asTaken({
  backupId: id,
  folder,
  artifactsSha256,
}: {
  readonly backupId: string;
  readonly folder: string;
  readonly artifactsSha256: string;
}): SelectedBackup {
  return { id, folder, artifactsSha256, dispose() {} };
}

/**
 * Brings back exactly what the backup holds, and proves it by planning once more: nothing may be left to do. Waits for another migbackup that
 * holds a lock. Throws LOCKED if that takes longer, WAY_BACK_FAILED if something is left to do, else what a restore throws.
 */
export async function goBack(
  project: Project,
  selected: SelectedBackup,
  context: Context,
  lockWaitMs = 0,
): Promise<WentBack> {
  const work = async (): Promise<WentBack> => {
    await recoverLeftovers(project, context);
    const verified = await verifyForRestore(selected, { only: [], allowUnsafeLinks: true }, context);
    const plan = () => planRestore(project, verified, { only: [], exact: true, owner: maySetOwners() });
    const planned = await plan();
    if (planned.plan.nothingToDo) return { safetyBackup: null, findings: [] };
    const how = {
      operation: 'guard',
      safetyBackup: true,
      owner: maySetOwners(),
      exit: ROLLED_BACK,
      again: null,
    } as const;
    const { safetyBackup, findings } = await changeInPlace(
      { project, selected, verified, planned, replan: plan, ...how },
      context,
    );
    const swapped = databasesOf(verified.manifest).filter((database) =>
      planned.changes.units.some(({ path }) => isPartOf(database, path) || isInside(database.path, path)),
    );
    await requireNothingLeft(plan, swapped);
    return { safetyBackup, findings };
  };
  return withLocks(project, 'guard', work, { ms: lockWaitMs, onEvent: context.onEvent });
}

function isPartOf({ path: database, engine }: DatabaseAt, path: string): boolean {
  return isInside(path, database) || engineOf(engine).partOf(database, path) !== null;
}

/**
 * Throws WAY_BACK_FAILED if something differs from the backup. The change is made by now, so an error here does not mean that it was taken back.
 * Databases that were swapped are left out: they were compared and proven while their locks were held, and what is written there once the locks are
 * released is new work on what was brought back.
 */
async function requireNothingLeft(plan: () => Promise<Planned>, swapped: readonly DatabaseAt[]): Promise<void> {
  let problem: string;
  let cause: unknown;
  try {
    const left = (await plan()).plan.changes.find(({ path }) => !swapped.some((database) => isPartOf(database, path)));
    if (left === undefined) return;
    problem = `${escapeName(left.path)} changed again`;
  } catch (error) {
    cause = error;
    problem = `the project could not be looked at once more: ${error instanceof Error ? error.message : String(error)}`;
  }
  throw new BackupError('WAY_BACK_FAILED', `everything was brought back, and then ${problem}`, {
    hint: 'Stop whatever writes there, then restore once more.',
    cause,
  });
}
