import type { AllowedLoss } from './allowed-loss.ts';
import { isGone } from './failures.ts';
import { lookForLoss } from './loss.ts';
import { configOf, planRestore } from '../../change/plan-restore.ts';
import { verifyForRestore } from '../../extract/verify-for-restore.ts';
import { BackupError } from '../../model/backup-error.ts';
import type { Project } from '../../model/category.ts';
import type { Context } from '../../model/event.ts';
import type { Finding } from '../../model/finding.ts';
import { fromSystemError } from '../../model/system-error.ts';
import { Ownership } from '../../scan/ownership.ts';
import type { SelectedBackup } from '../../repository/selected.ts';
import type { GuardReport } from '../../model/guard-report.ts';
import type { RestorePlan } from '../../model/restore-report.ts';

export type Changes = Pick<GuardReport, 'changes' | 'paths' | 'external' | 'loss'>;

/** What the command did, by what going back would have to do. */
const DONE = { add: 'removed', replace: 'changed', remove: 'added' } as const;

export interface Look {
  readonly changes: Changes;
  /** Of `external`, what may show that something was sent to a chain, judged by what is recorded. */
  readonly sent: readonly string[];
}

/** Verifies the backup again on the way: the command may have touched it. Throws what the way back would throw. */
export async function lookAtChanges(
  project: Project,
  selected: SelectedBackup,
  allowed: AllowedLoss,
  context: Context,
): Promise<Look> {
  const verified = await verifyForRestore(selected, { only: [], allowUnsafeLinks: true }, context);
  const { plan } = await planRestore(project, verified, { only: [], exact: true });
  const sources = new Ownership(configOf(verified.manifest, project.config).categories);
  const changes = describeChanges(plan, sources);
  const { loss, sent } = await lookForLoss(project, selected, verified.manifest, changes, allowed, context);
  return { changes: { ...changes, loss }, sent };
}

/** The same, where nothing depends on the answer: if the changes cannot be found out, a finding says so and no change is named. */
export async function lookIfPossible(
  project: Project,
  selected: SelectedBackup,
  allowed: AllowedLoss,
  context: Context,
): Promise<Look & { findings: Finding[] }> {
  try {
    return { ...(await lookAtChanges(project, selected, allowed, context)), findings: [] };
  } catch (cause) {
    const error = fromSystemError(cause, `${selected.id} could not be read`);
    if (!(error instanceof BackupError)) throw error;
    const lost = wayBackLost(selected, error);
    return {
      changes: { changes: {}, paths: [], external: [], loss: null },
      sent: [],
      findings: lost === null ? [notKnown(error)] : [lost, NOTHING_TO_COMPARE],
    };
  }
}

function notKnown({ message, path, hint }: BackupError): Finding {
  return {
    code: 'changes-not-known',
    severity: 'warning',
    message: `what the command changed is not known: ${message}`,
    ...(path !== undefined && { path }),
    recommendation: hint,
  };
}

/** The backup verified before the command, so what is wrong with it now happened while the command ran. Null if it may still be whole. */
function wayBackLost({ id, folder }: SelectedBackup, { code, message }: BackupError): Finding | null {
  const gone = isGone(folder);
  if (!gone && code !== 'BACKUP_DAMAGED') return null;
  return {
    code: 'way-back-lost',
    severity: 'warning',
    message: `before the command ran, the backup verified; now ${gone ? `${id} is not in its place any more` : message}`,
    path: folder,
    recommendation: gone
      ? 'If it was moved, or its disk was unmounted, bring it back to its place: then migbackup undo takes the command back. If it was removed, migbackup create takes a new one of what is here now.'
      : `migbackup verify ${id} says which categories of it are whole: restore --only brings those back. migbackup create takes a new one of what is here now.`,
  };
}

const NOTHING_TO_COMPARE: Finding = {
  code: 'changes-not-known',
  severity: 'warning',
  message: 'what the command changed is not known: the backup that it would be compared with is not whole',
};

/** Reads a plan for the exact way back as an account of what was done since the backup. */
function describeChanges(plan: RestorePlan, sources: Ownership): Omit<Changes, 'loss'> {
  const changes: Changes['changes'] = {};
  for (const [name, figures] of Object.entries(plan.categories)) {
    const { add, replace, remove } = figures;
    if (add.files + replace.files + remove.files === 0) continue;
    changes[name] = { added: remove.files, changed: replace.files, removed: add.files };
  }
  const paths = plan.changes.map(({ path, action }) => ({ path, change: DONE[action] }));
  // A removed file does not show that a transaction was sent, and bringing it back loses nothing.
  const left = paths.filter(({ change }) => change !== 'removed').map(({ path }) => path);
  // The folder of an external source may be the whole project, of which it takes one file.
  const external = left.filter((path) => (sources.ownerOf(path) ?? sources.folderOwnerOf(path))?.external === true);
  return { changes, paths, external };
}
