/*
 * Room "operations": one file or folder for each command, called by src/commands with a project, options and a context. An operation resolves with
 * the document that --json prints and throws BackupError; it prints nothing and imports no other operation. What two of them need is an engine in a
 * room below.
 */
import path from 'node:path';
import { NameProbe } from '../paths/name-probe.ts';
import { STATE_FOLDER } from '../paths/paths.ts';
import type { Project } from '../model/category.ts';
import { CONFIG_FILE } from '../config/config-file.ts';
import type { Finding } from '../model/finding.ts';
import { pathWord, shellLine } from '../model/shell-quote.ts';
import type { Entry } from '../model/entry.ts';
import type { Context } from '../model/event.ts';
import type { RestorePlan, RestoreReport } from '../model/restore-report.ts';
import type { SelectedBackup } from '../repository/selected.ts';
import { keepReport } from '../repository/reports.ts';
import { recoverLeftovers } from '../change/settle.ts';
import { startReport } from '../repository/report-head.ts';
import { requireSamePlan, requireYes, type Approval } from '../change/approve.ts';
import { changeInPlace, nothingRestored } from '../change/change-in-place.ts';
import { checkTarget } from '../change/check-target.ts';
import { nextSteps } from '../change/next-steps.ts';
import { losesOwner, ownersNotSet, requireOwners } from '../extract/owner.ts';
import { configOf, planRestore } from '../change/plan-restore.ts';
import { isConfig, refuseForeignPlaces, refuseOtherProject, standsForConfig } from '../change/own-places.ts';
import { verifyForRestore, type VerifiedBackup, type SelectionOptions } from '../extract/verify-for-restore.ts';
import { refuseWhileGuarded } from '../history/guard-at-work.ts';
import { requireSettled } from '../history/pending-operations.ts';
import { requireSignature } from '../protection/judge-signature.ts';
import { signerRule } from '../protection/signer-rule.ts';
import { withLocks } from '../repository/with-locks.ts';
import { olderThatDiffer } from './restore/older-that-differ.ts';

export { restoreTo } from './restore/to.ts';
export { signerRule } from '../protection/signer-rule.ts';

export interface RestoreOptions extends SelectionOptions, Approval {
  /** Also remove what the backup does not have. */
  readonly exact: boolean;
  /** Also bring back what is another project's. */
  readonly acceptProject?: boolean | undefined;
  /** Also write where the project itself has no source. */
  readonly acceptSources?: boolean | undefined;
  readonly dryRun: boolean;
  readonly safetyBackup: boolean;
  /** Give everything that is brought back its owner and group too; root only. */
  readonly owner?: boolean | undefined;
  /** The command line that does the same again; without it, one is made of these options. */
  readonly again?: string | undefined;
}

/**
 * Brings a backup's state back in place: verify, plan, confirm, safety backup, stage, swap, check, commit. After any error the project is
 * as it was. Throws what stood in the way (see ErrorCode); ROLLBACK_FAILED alone means that the state is in between, and says what to run.
 */
export async function restore(
  project: Project,
  selected: SelectedBackup,
  options: RestoreOptions,
  context: Context,
): Promise<RestoreReport> {
  requireOwners(options.owner);
  const head = startReport(context);
  const finish = (parts: Partial<RestoreReport> & Pick<RestoreReport, 'outcome' | 'plan'>): RestoreReport => ({
    ...head(),
    operation: 'restore',
    backupId: selected.id,
    mode: 'in-place',
    target: project.root,
    selection: [...options.only],
    ...nothingRestored(),
    ...parts,
  });
  /** Someone who finds nothing to restore may have meant an older backup. */
  const withOlder = async (plan: RestorePlan, { manifest }: VerifiedBackup): Promise<RestorePlan> => {
    if (!plan.nothingToDo) return plan;
    const { folder } = selected;
    return {
      ...plan,
      olderThatDiffer: await olderThatDiffer(project, { folder, manifest }, options.only, context.signal),
    };
  };
  if (options.dryRun) {
    requireSettled(project.root);
    const verified = await verifyInPlace(project, selected, options, context);
    const { plan } = await planRestore(project, verified, options);
    return finish({ outcome: 'planned', plan: await withOlder(plan, verified), findings: verified.findings });
  }
  return withLocks(project, 'restore', async () => {
    refuseWhileGuarded(project.root);
    await recoverLeftovers(project, context);
    const verified = await verifyInPlace(project, selected, options, context);
    const planned = await planRestore(project, verified, options);
    requireSamePlan(options, planned.plan);
    if (planned.plan.nothingToDo) {
      return finish({ outcome: 'unchanged', plan: await withOlder(planned.plan, verified), checked: true });
    }
    await checkTarget(project.root, planned.changes);
    tryNames(project.root, verified.wanted);
    await requireYes(options, planned.plan);
    const { safetyBackup, owner = false, again = lineOf(selected.id, options) } = options;
    const how = { operation: 'restore', safetyBackup, owner, exit: 0, again } as const;
    const replan = () => planRestore(project, verified, options);
    const change = { project, selected, verified, planned, replan, ...how };
    const done = await changeInPlace(change, context);
    const brought = owner ? [] : [...planned.changes.content.values()].flat();
    const owners = ownersNotSet(brought.filter(losesOwner).map((entry) => entry.path));
    const report = finish({
      outcome: 'restored',
      plan: planned.plan,
      checked: true,
      ...done,
      findings: [...verified.findings, ...done.findings, ...owners],
      next: nextSteps(planned),
    });
    return keepReport(project.repository, selected.id, 'restore', report);
  });
}

function configGone({ config }: Project) {
  return {
    code: 'config-gone',
    severity: 'warning',
    message: `${CONFIG_FILE} ${howLost(config)}, and this backup of the project brings it back.`,
    path: CONFIG_FILE,
    recommendation: 'What the backup holds goes where that config had it.',
  } as const satisfies Finding;
}

function howLost({ problem }: Project['config']): string {
  return problem === undefined ? 'is gone' : 'cannot be read';
}

/** What is selected goes where the lost config had it, but the next backup would follow the preset. */
function configStaysAway(project: Project, id: string) {
  const line = shellLine(['migbackup', 'restore', id, '--only', CONFIG_FILE]);
  return {
    ...configGone(project),
    message: `${CONFIG_FILE} ${howLost(project.config)}, and what is selected from this backup does not bring it back.`,
    recommendation: `${line} brings it back. Without it the next backup takes what the preset names.`,
  };
}

function lineOf(id: string, { only, exact }: RestoreOptions): string {
  return shellLine([
    'migbackup',
    'restore',
    id,
    ...only.flatMap((each) => ['--only', pathWord(each)]),
    ...(exact ? ['--exact'] : []),
  ]);
}

/** Names are tried beside the stage, because files are staged there first. What a killed run leaves there counts as garbage because of its name. */
function tryNames(root: string, wanted: readonly Entry[]): void {
  const probe = new NameProbe(path.join(root, STATE_FOLDER, `garbage-names-${process.pid}`));
  try {
    probe.checkAll(wanted.map((entry) => entry.path));
  } finally {
    probe.dispose();
  }
}

/** Verifies the backup. Refuses one of another project, and one that would write to places that are not this project's. */
async function verifyInPlace(
  project: Project,
  selected: SelectedBackup,
  options: RestoreOptions,
  context: Context,
): Promise<VerifiedBackup & { findings: Finding[] }> {
  if (options.acceptProject !== true) refuseOtherProject(project, selected);
  const signed = requireSignature(selected, signerRule(project.config), (context.now ?? (() => new Date()))());
  const verified = await verifyForRestore(signed, options, context);
  const { manifest, wanted } = verified;
  const stands = await standsForConfig(project, selected);
  const gone = wanted.some(isConfig) ? configGone(project) : configStaysAway(project, selected.id);
  if (stands) context.onEvent?.({ type: 'note', message: `${gone.message} ${gone.recommendation}` });
  // Only a backup that stands in for the lost config may say which places are the project's.
  const categories = stands ? configOf(manifest, project.config).categories : [];
  const all = { ...project.config, categories: [...project.config.categories, ...categories] };
  refuseForeignPlaces({ ...project, config: all }, wanted, options.acceptSources === true);
  return { ...verified, findings: stands ? [gone] : [] };
}
