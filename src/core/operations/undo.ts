import { madeHere } from '../config/checkout.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { RestorePlan } from '../model/restore-report.ts';
import type { Undone, UndoReport } from '../model/undo-report.ts';
import { listBackups } from '../repository/catalog.ts';
import type { SelectedBackup } from '../repository/selected.ts';
import { requireRepository } from '../repository/select.ts';
import { keepReport } from '../repository/reports.ts';
import { recoverLeftovers } from '../change/settle.ts';
import { escapeName, shorten } from '../paths/names.ts';
import { shellLine } from '../model/shell-quote.ts';
import { startReport } from '../repository/report-head.ts';
import { type Approval, requireSamePlan, requireYes } from '../change/approve.ts';
import { changedSince } from '../change/left-by-command.ts';
import { refuseOtherProject } from '../change/own-places.ts';
import { changeInPlace, nothingRestored } from '../change/change-in-place.ts';
import { checkTarget } from '../change/check-target.ts';
import { readCreatedPaths } from '../change/created-paths.ts';
import { nextSteps } from '../change/next-steps.ts';
import { maySetOwners } from '../extract/owner.ts';
import { type Planned, planRestore } from '../change/plan-restore.ts';
import { type VerifiedBackup, verifyForRestore } from '../extract/verify-for-restore.ts';
import { describeStep, type Step, stepsOf } from '../history/undo-steps.ts';
import { refuseWhileGuarded } from '../history/guard-at-work.ts';
import { removable } from './undo/removable.ts';
import { requireSignature } from '../protection/judge-signature.ts';
import { signerRule } from '../protection/signer-rule.ts';
import { withLocks } from '../repository/with-locks.ts';
import { nearlyMatching } from '../model/nearest.ts';

/** Nobody reads a message with more names; the plan has all of them. */
const NAMED = 5;

export interface UndoOptions extends Pick<Approval, 'plan'> {
  readonly dryRun: boolean;
  /** Names the operation to take back; undefined: the newest. */
  readonly id?: string | undefined;
  /** True if somebody at a terminal sees what is taken back. Otherwise the way back of a guard is taken back only if its id is given. */
  readonly attended?: boolean;
  /** Asked once, with the plan and what is taken back, when there is something to change; throws or returns false to stop. */
  readonly confirm: (plan: RestorePlan, undone: Undone, since: readonly string[]) => Promise<boolean>;
}

interface Reversal {
  readonly step: Step;
  readonly selected: SelectedBackup;
  readonly verified: VerifiedBackup;
  readonly planned: Planned;
  readonly replan: () => Promise<Planned>;
  readonly stay: string[];
  /** Of a guarded command: what was changed after it had ended, and is taken back with it. */
  readonly since: string[];
}

/**
 * Reverses the last operation that changed the project, or the one that is named, exactly, as a transaction that can be undone itself. Throws NO_SUCH_BACKUP if
 * the repository is missing, and NOTHING_TO_UNDO if the log has none or its safety backup is gone: no older state is used instead. Otherwise it throws what a restore throws.
 */
export async function undo(project: Project, options: UndoOptions, context: Context): Promise<UndoReport> {
  const head = startReport(context);
  const answer = (reversal: Reversal, parts: Partial<UndoReport> & Pick<UndoReport, 'outcome'>): UndoReport => ({
    ...head(),
    operation: 'undo',
    backupId: reversal.selected.id,
    mode: 'in-place',
    target: project.root,
    selection: [],
    plan: reversal.planned.plan,
    ...nothingRestored(),
    undone: describe(reversal),
    stay: reversal.stay,
    since: reversal.since,
    ...parts,
  });
  requireRepository(project.repository);
  if (options.dryRun) return answer(await planReversal(project, options.id, context), { outcome: 'planned' });
  return withLocks(project, 'undo', async () => {
    refuseWhileGuarded(project.root);
    const { unlogged } = await recoverLeftovers(project, context);
    if (unlogged) throw logBehind(project.repository);
    const reversal = await planReversal(project, options.id, context);
    const { selected, verified, planned, replan } = reversal;
    requireSamePlan(options, planned.plan);
    if (planned.plan.nothingToDo) return answer(reversal, { outcome: 'unchanged', checked: true });
    const undone = describe(reversal);
    const { since } = reversal;
    const unexpected = undone.rolledBack || since.length > 0;
    if (unexpected && options.id === undefined && options.attended !== true) throw idNeeded(undone, since);
    await checkTarget(project.root, planned.changes);
    await requireYes({ plan: options.plan, confirm: (plan) => options.confirm(plan, undone, since) }, planned.plan);
    // undo brings back exactly what was there, so as root it brings back owners too.
    const how = {
      operation: 'undo',
      safetyBackup: true,
      owner: maySetOwners(),
      exit: 0,
      again: 'migbackup undo',
    } as const;
    const change = { project, selected, verified, planned, replan, ...how };
    const done = await changeInPlace(change, context);
    const report = answer(reversal, { outcome: 'restored', checked: true, ...done, next: nextSteps(planned) });
    return keepReport(project.repository, selected.id, 'undo', report);
  });
}

/** A pipe or socket that was replaced does not come back, because no backup can hold it. `becomes` says so wherever it is shown. */
function describe({ step, verified }: Reversal): Undone {
  const undone = describeStep(step);
  const lost = verified.manifest.findings.flatMap(({ code, path }) =>
    code === 'special-file' && path !== undefined ? [escapeName(path)] : [],
  );
  if (lost.length === 0) return undone;
  const named = lost.length > 3 ? `${lost.slice(0, 3).join(', ')} and ${lost.length - 3} more` : lost.join(', ');
  return { ...undone, becomes: `${undone.becomes}, except for special files, which no backup holds: ${named}` };
}

async function planReversal(project: Project, id: string | undefined, context: Context): Promise<Reversal> {
  const step = chooseStep(project, id);
  const { record, what } = step;
  if (record.safetyId === null)
    throw nothing(`${what} was made without a safety backup: what it replaced is not in the repository`);
  const ref = listBackups(project.repository).find(({ id }) => id === record.safetyId);
  if (ref === undefined) throw nothing(`${record.safetyId}, which is needed to take back ${what}, is gone`);
  const selected: SelectedBackup = { id: ref.id, folder: ref.folder, dispose() {} };
  if (record.project === undefined) refuseOther(project, selected);
  const signed = madeHereOrSigned(project, selected, (context.now ?? (() => new Date()))());
  const verified = await verifyForRestore(signed, { only: [], allowUnsafeLinks: true }, context);
  const made = await readCreatedPaths(project.repository, ref.id);
  const { remove, keep } = removable(project.root, verified.manifest.absent ?? [], made);
  const exactly = { only: [], exact: true, removable: remove, owner: maySetOwners() };
  const replan = () => planRestore(project, verified, exactly);
  const planned = await replan();
  const paths = record.operation === 'guard' && !step.rolledBack ? planned.plan.changes.map(({ path }) => path) : [];
  const since = changedSince(project.root, project.repository, record.backupId, paths);
  return { step, selected, verified, planned, replan, stay: keep, since };
}

/** Where signatures are required, a safety backup is the one that was made here, byte for byte, or somebody has signed it. */
function madeHereOrSigned({ root, config }: Project, selected: SelectedBackup, now: Date): SelectedBackup {
  if (config.requireSignature === undefined && config.requiredSignature !== true) return selected;
  const artifactsSha256 = madeHere(root, selected.id);
  if (artifactsSha256 !== undefined) return { ...selected, artifactsSha256 };
  return requireSignature(selected, signerRule(config), now);
}

/** A line of the log that does not name its project was found by its path alone, and another project may have been there. */
function refuseOther(project: Project, selected: SelectedBackup): void {
  try {
    refuseOtherProject(project, selected);
  } catch (cause) {
    if (!(cause instanceof BackupError) || cause.code !== 'OTHER_PROJECT') throw cause;
    const line = shellLine(['migbackup', 'restore', selected.id, '--accept-project']);
    throw new BackupError('NOTHING_TO_UNDO', `nothing of this project can be undone: ${cause.message}`, {
      hint: `Nothing was changed. If it is what you mean, run: ${line}`,
      cause,
    });
  }
}

/** The log would name an older operation, and taking that back is not what was asked for. */
function logBehind(repository: string): BackupError {
  return new BackupError('IO', 'the last restore is not in the operation log, which cannot be written', {
    hint: 'Nothing was changed. Free some space or correct the permissions there, then run the command again.',
    path: repository,
  });
}

/** Someone who just runs undo seldom wants to lose what guard has brought back, or work that came after its command. */
function idNeeded({ id, what, becomes }: Undone, since: readonly string[]): BackupError {
  const named = since.slice(0, NAMED).map(escapeName).join(', ');
  const more = since.length > NAMED ? ` and ${since.length - NAMED} more` : '';
  const later = since.length === 0 ? '' : `, and what was changed since then: ${named}${more}`;
  const message = `undo would take back ${what}${later}: the project would be ${becomes}; without a terminal, undo needs its ID for that`;
  return new BackupError('CONFIRMATION_REQUIRED', message, {
    hint: `Nothing was changed. If that is what you want, run: ${shellLine(['migbackup', 'undo', id, '--yes'])}`,
    details: { id, since },
  });
}

/** The operation to take back: the newest, or the one that an id or a part of it names. Throws NOTHING_TO_UNDO, USAGE for an unclear part. */
function chooseStep(project: Project, id: string | undefined): Step {
  const { back, forth, last } = stepsOf(project);
  if (id === undefined) {
    if (last === undefined) throw nothing(`nothing that migbackup did in ${project.root} can be undone`);
    return last;
  }
  const all = [...back, ...forth];
  const exact = all.filter((step) => step.id === id);
  const matching = exact.length > 0 ? exact.slice(-1) : all.filter((step) => step.id.includes(id));
  const [step, other] = matching;
  if (step === undefined) {
    const close = nearlyMatching(id, [...new Set(all.map((each) => each.id))]);
    const meant = close.length === 0 ? '' : ` Did you mean ${close.join(' or ')}?`;
    throw nothing(`no operation that can be undone here is named ${shorten(escapeName(id))}`, meant);
  }
  if (other !== undefined) {
    throw new BackupError('USAGE', `${id} is a part of ${matching.map((each) => each.id).join(' and of ')}`, {
      hint: 'Give more of the id. migbackup undo --list shows them.',
    });
  }
  const newest = (back.includes(step) ? back : forth).at(-1);
  if (newest === step || newest === undefined) return step;
  const message = `${told(step)} is not the newest: ${told(newest)} has to be taken back first`;
  throw new BackupError('NOTHING_TO_UNDO', message, {
    hint: `Nothing was changed. First run: migbackup undo ${newest.id}. Then, if all between them is taken back: migbackup undo ${step.id}.`,
    details: { asked: step.id, newest: newest.id },
  });
}

/** Two restores of one backup are described in the same words, so time and id are added. */
function told({ what, record, id }: Step): string {
  return `${what} (${record.time}, ${id})`;
}

function nothing(message: string, meant = ''): BackupError {
  return new BackupError('NOTHING_TO_UNDO', message, {
    hint: `Nothing was changed. migbackup undo --list shows what can be undone. migbackup list shows every backup, also the safety backups, and migbackup restore ID brings one back.${meant}`,
  });
}
