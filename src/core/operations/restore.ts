import os from 'node:os';
import path from 'node:path';
import { isInside, parentOf } from '../fs/paths.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { Entry } from '../model/entry.ts';
import type { Context } from '../model/event.ts';
import type { Finding } from '../model/finding.ts';
import type { RestorePlan, RestoreReport } from '../model/restore-report.ts';
import type { Manifest } from '../model/manifest.ts';
import { listBackups, type Selected } from '../store/catalog.ts';
import { readManifest } from '../store/manifest-file.ts';
import { logOperation, writeReport } from '../store/reports.ts';
import { runTransaction } from '../transaction/transaction.ts';
import { takeBackup, type Taken } from './create/take-backup.ts';
import { recoverLeftovers } from './recover.ts';
import { startReport } from './report-head.ts';
import { checkRestored, checkTarget } from './restore/check-target.ts';
import { disposeAside } from './restore/dispose.ts';
import { planRestore, type Planned } from './restore/plan-restore.ts';
import { proveRestoredStores } from './restore/prove-restored.ts';
import { trustBackup, type Trusted, type TrustOptions } from './restore/trust.ts';
import { writeEntries, type Written } from './restore/write-entries.ts';
import { withLocks } from './with-locks.ts';

export { restoreTo } from './restore-to.ts';

export interface RestoreOptions extends TrustOptions {
  /** Also remove what the backup does not have. */
  readonly exact: boolean;
  readonly dryRun: boolean;
  /** Go ahead only if the plan still has this hash. */
  readonly plan?: string | undefined;
  readonly safetyBackup: boolean;
  /** Asked once, with the plan, when there is something to change; throws or answers false to stop. */
  readonly confirm: (plan: RestorePlan) => Promise<boolean>;
}

/**
 * Brings a backup's state back in place: verify, plan, confirm, safety backup, stage, swap, check, commit. After any error the project is
 * as it was. Throws what stood in the way (see ErrorCode); ROLLBACK_FAILED alone means that the state is in between, and says what to run.
 */
export async function restore(
  project: Project,
  selected: Selected,
  options: RestoreOptions,
  context: Context,
): Promise<RestoreReport> {
  const head = startReport(context);
  const finish = (parts: Partial<RestoreReport> & Pick<RestoreReport, 'outcome' | 'plan'>): RestoreReport => ({
    ...head(),
    operation: 'restore',
    backupId: selected.id,
    mode: 'in-place',
    target: project.root,
    selection: [...options.only],
    restored: { files: 0, directories: 0, symlinks: 0, bytes: 0 },
    safetyBackup: null,
    checked: false,
    findings: [],
    next: [],
    reportFile: null,
    ...parts,
  });
  if (options.dryRun) {
    const { plan } = planRestore(project, await trustBackup(selected, options, context), options);
    return finish({ outcome: 'planned', plan });
  }
  return withLocks(project, 'restore', async () => {
    recoverLeftovers(project.root, context);
    const trusted = await trustBackup(selected, options, context);
    const planned = planRestore(project, trusted, options);
    if (options.plan !== undefined && options.plan !== planned.plan.hash)
      throw planChanged(options.plan, planned.plan.hash);
    if (planned.plan.nothingToDo) {
      const plan = { ...planned.plan, olderThatDiffer: olderThatDiffer(project.store, trusted.manifest) };
      return finish({ outcome: 'unchanged', plan, checked: true });
    }
    await checkTarget(project.root, planned.changes);
    if (options.plan === undefined && !(await options.confirm(planned.plan))) throw notConfirmed();
    const done = await apply(project, selected, trusted, planned, options, context);
    const report = finish({
      outcome: 'restored',
      plan: planned.plan,
      checked: true,
      ...done,
      next: nextSteps(planned),
    });
    return { ...report, reportFile: writeReport(project.store, selected.id, 'restore', report).file };
  });
}

/** Older backups that hold something else: the same tree gives the same index, byte for byte. */
function olderThatDiffer(store: string, current: Manifest): string[] {
  const older = listBackups(store).filter((ref) => ref.kind === 'migration' && ref.id < current.backupId);
  return older
    .filter((ref) => {
      try {
        return readManifest(ref.folder).index.sha256 !== current.index.sha256;
      } catch {
        return false;
      }
    })
    .map((ref) => ref.id);
}

interface Applied {
  readonly restored: Written;
  readonly safetyBackup: string | null;
  readonly findings: Finding[];
}

async function apply(
  project: Project,
  selected: Selected,
  trusted: Trusted,
  planned: Planned,
  options: RestoreOptions,
  context: Context,
): Promise<Applied> {
  const safety = options.safetyBackup ? await takeSafety(project, planned, selected.id, context) : null;
  const id = safety?.manifest.backupId ?? `restore-${Date.now()}`;
  let restored: Written = { files: 0, directories: 0, symlinks: 0, bytes: 0 };
  const { changes } = planned;
  context.onEvent?.({ type: 'phase-begin', phase: 'restoring', files: changes.inodes, bytes: changes.bytes });
  const committed = await runTransaction({
    root: project.root,
    journal: {
      version: 1,
      id,
      backupId: selected.id,
      startedAt: new Date().toISOString(),
      units: [...changes.units],
      meta: [...changes.meta],
    },
    async stage(folder) {
      const place = stagePlaces(folder, changes.content, changes.units);
      const incoming = new Set([...changes.content.values()].flat().map((entry) => entry.category));
      restored = await writeEntries(
        { folder: selected.folder, manifest: trusted.manifest, place, categories: incoming, everything: false },
        context,
      );
    },
    async check() {
      checkRestored(project.root, changes);
      const swapped = (store: string): boolean =>
        changes.units.some((unit) => isInside(`${store}/CURRENT`, unit.path) || isInside(unit.path, store));
      await proveRestoredStores(trusted.manifest, project.root, swapped, context);
    },
    signal: context.signal,
  });
  const findings: Finding[] = [];
  const kept = safety === null ? keptAside(committed) : await disposeAside(committed, safety.folder, changes);
  if (kept !== null) findings.push(kept);
  findings.push(...logDone(project, selected.id, planned.plan.hash, safety?.manifest.backupId ?? null, context));
  return { restored, safetyBackup: safety?.manifest.backupId ?? null, findings };
}

/** `stage/<n>` for the unit itself, and below it for what is in its folder. */
function stagePlaces(
  folder: string,
  content: ReadonlyMap<number, readonly Entry[]>,
  units: Planned['changes']['units'],
): (entry: Entry) => string | null {
  const places = new Map<string, string>();
  for (const unit of units) {
    const base = path.join(folder, String(unit.n));
    for (const entry of content.get(unit.n) ?? []) {
      places.set(
        entry.path,
        entry.path === unit.path ? base : path.join(base, ...entry.path.slice(unit.path.length + 1).split('/')),
      );
    }
  }
  return (entry) => places.get(entry.path) ?? null;
}

/** An ordinary backup of everything that will be replaced or removed, and a list of what was not there. */
async function takeSafety(
  project: Project,
  { changes, config }: Planned,
  backupId: string,
  context: Context,
): Promise<Taken> {
  const replaced = changes.units.filter((unit) => unit.old !== null).map((unit) => unit.path);
  const folders = new Set(changes.meta.map((step) => step.path));
  const select = (candidate: string): boolean =>
    replaced.some((unit) => isInside(candidate, unit)) ||
    folders.has(candidate) ||
    replaced.some((unit) => parentOf(unit) === candidate);
  const absent = changes.units.filter((unit) => unit.old === null).map((unit) => unit.path);
  const options = {
    kind: 'safety',
    config,
    categories: config.categories,
    note: `before restore of ${backupId}`,
    verify: true,
    allowPartial: false,
    select,
    absent,
  } as const;
  return takeBackup({ ...project, config }, options, context);
}

function keptAside(committed: string): Finding {
  return {
    code: 'aside-kept',
    severity: 'info',
    message: `without a safety backup, what was replaced is kept in ${committed}`,
    path: committed,
    recommendation: 'Remove that folder when you no longer need it.',
  };
}

function logDone(
  project: Project,
  backupId: string,
  planHash: string,
  safetyId: string | null,
  context: Context,
): Finding[] {
  const env = process.env;
  try {
    logOperation(project.store, {
      time: (context.now ?? (() => new Date()))().toISOString(),
      user: os.userInfo().username,
      host: os.hostname(),
      ci: env['GITHUB_RUN_ID'] ?? env['CI_JOB_ID'] ?? null,
      operation: 'restore',
      root: project.root,
      backupId,
      planHash,
      safetyId,
      exit: 0,
    });
    return [];
  } catch (error) {
    const why = errnoOf(error) ?? (error instanceof Error ? error.message : String(error));
    return [
      {
        code: 'log-not-written',
        severity: 'warning',
        message: `the operation log could not be written (${why})`,
        path: project.store,
      },
    ];
  }
}

const INSTALLED_FROM =
  /(^|\/)(package\.json|package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?)$/;

function nextSteps({ plan }: Planned): string[] {
  const changed = plan.changes.map((change) => change.path).filter((changedPath) => INSTALLED_FROM.test(changedPath));
  if (changed.length === 0) return [];
  if (changed.some((file) => file.endsWith('yarn.lock'))) return ['yarn install'];
  if (changed.some((file) => file.endsWith('pnpm-lock.yaml'))) return ['pnpm install'];
  return ['npm ci'];
}

function planChanged(given: string, now: string): BackupError {
  return new BackupError(
    'PLAN_CHANGED',
    'the plan is no longer the one that was approved: the project or the backup has changed',
    {
      hint: 'Look at it again with migbackup restore --dry-run. Nothing was changed.',
      details: { approved: given, now },
    },
  );
}

function notConfirmed(): BackupError {
  return new BackupError('CONFIRMATION_REQUIRED', 'the restore was not confirmed; nothing was changed', {
    hint: 'Run it with --yes.',
  });
}
