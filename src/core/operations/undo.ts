import { BackupError } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { UndoReport } from '../model/undo-report.ts';
import { listBackups } from '../repository/catalog.ts';
import type { SelectedBackup } from '../repository/selected.ts';
import { keepReport } from '../repository/reports.ts';
import { recoverLeftovers } from '../change/settle.ts';
import { startReport } from '../repository/report-head.ts';
import { requireSamePlan, requireYes, type Approval } from '../change/approve.ts';
import { changeInPlace } from '../change/change-in-place.ts';
import { checkTarget } from '../change/check-target.ts';
import { readCreatedPaths } from '../change/created-paths.ts';
import { nextSteps } from '../change/next-steps.ts';
import { maySetOwners } from '../extract/owner.ts';
import { planRestore, type Planned } from '../change/plan-restore.ts';
import { verifyForRestore, type VerifiedBackup } from '../extract/verify-for-restore.ts';
import { lastToReverse, type Reversible } from '../history/pending-operations.ts';
import { removable } from './undo/removable.ts';
import { withLocks } from '../repository/with-locks.ts';

export interface UndoOptions extends Approval {
  readonly dryRun: boolean;
}

interface Reversal {
  readonly record: Reversible;
  readonly selected: SelectedBackup;
  readonly verified: VerifiedBackup;
  readonly planned: Planned;
  readonly stay: string[];
}

/**
 * Reverses the last operation that changed the project, exactly, as a transaction that can be undone itself. Throws NOTHING_TO_UNDO where
 * the log knows of none or its safety backup is gone: an older state is never taken for it. Else what a restore throws.
 */
export async function undo(project: Project, options: UndoOptions, context: Context): Promise<UndoReport> {
  const head = startReport(context);
  const answer = (
    { record, selected, planned, stay }: Reversal,
    parts: Partial<UndoReport> & Pick<UndoReport, 'outcome'>,
  ): UndoReport => ({
    ...head(),
    operation: 'undo',
    backupId: selected.id,
    mode: 'in-place',
    target: project.root,
    selection: [],
    plan: planned.plan,
    restored: { files: 0, directories: 0, symlinks: 0, bytes: 0 },
    safetyBackup: null,
    checked: false,
    findings: [],
    next: [],
    reportFile: null,
    undone: { operation: record.operation, time: record.time, backupId: record.backupId },
    stay,
    ...parts,
  });
  if (options.dryRun) return answer(await planReversal(project, context), { outcome: 'planned' });
  return withLocks(project, 'undo', async () => {
    const { unlogged } = await recoverLeftovers(project, context);
    if (unlogged) throw logBehind(project.repository);
    const reversal = await planReversal(project, context);
    const { selected, verified, planned } = reversal;
    requireSamePlan(options, planned.plan);
    if (planned.plan.nothingToDo) return answer(reversal, { outcome: 'unchanged', checked: true });
    await checkTarget(project.root, planned.changes);
    await requireYes(options, planned.plan);
    // Exactly as it was: root takes the owners back too.
    const how = {
      operation: 'undo',
      safetyBackup: true,
      owner: maySetOwners(),
      exit: 0,
      again: 'migbackup undo',
    } as const;
    const change = { project, selected, verified, planned, ...how };
    const done = await changeInPlace(change, context);
    const report = answer(reversal, { outcome: 'restored', checked: true, ...done, next: nextSteps(planned) });
    return keepReport(project.repository, selected.id, 'undo', report);
  });
}

async function planReversal(project: Project, context: Context): Promise<Reversal> {
  const record = lastToReverse(project);
  if (record === undefined) throw nothing(`nothing that migbackup did in ${project.root} can be undone`);
  if (record.safetyId === null)
    throw nothing(
      `the last ${record.operation} was made without a safety backup: what it replaced is not in the repository`,
    );
  const ref = listBackups(project.repository).find(({ id }) => id === record.safetyId);
  if (ref === undefined) throw nothing(`${record.safetyId}, which the last ${record.operation} needs, is gone`);
  const selected: SelectedBackup = { id: ref.id, folder: ref.folder, dispose() {} };
  const verified = await verifyForRestore(selected, { only: [], allowUnsafeLinks: true }, context);
  const made = await readCreatedPaths(project.repository, ref.id);
  const { remove, keep } = removable(project.root, verified.manifest.absent ?? [], made);
  const exactly = { only: [], exact: true, removable: remove, owner: maySetOwners() };
  const planned = await planRestore(project, verified, exactly);
  return { record, selected, verified, planned, stay: keep };
}

/** The log would name an older operation, and taking that back is not what was asked for. */
function logBehind(repository: string): BackupError {
  return new BackupError('IO', 'the last restore is not in the operation log, which cannot be written', {
    hint: 'Nothing was changed. Free some space or mend the permissions there, then run the command again.',
    path: repository,
  });
}

function nothing(message: string): BackupError {
  return new BackupError('NOTHING_TO_UNDO', message, {
    hint: 'Nothing was changed. migbackup list shows every backup, also the safety ones: migbackup restore ID brings one back.',
  });
}
