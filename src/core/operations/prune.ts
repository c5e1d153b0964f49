import fs from 'node:fs';
import path from 'node:path';
import { lstatOrNull } from '../fs/durable.ts';
import { BackupError, errnoOf, throwIfInterrupted } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { Finding } from '../model/finding.ts';
import type { PruneReport } from '../model/prune-report.ts';
import { fromSystemError } from '../model/system-error.ts';
import { isForbidden } from '../paths/barred.ts';
import { requireRepository } from '../repository/select.ts';
import { ownBackups, type ReadBackup } from '../repository/whose.ts';
import { lostState } from '../checks/lost-state.ts';
import { whyPartial } from '../format/why-partial.ts';
import { removeBackup } from '../repository/work-folder.ts';
import { recordOperation, removalOf } from '../history/operation-log.ts';
import { undoTargets } from '../history/undo-steps.ts';
import { recoverLeftovers } from '../change/settle.ts';
import { readable } from '../import-v1/open-backup.ts';
import { startReport } from '../repository/report-head.ts';
import { auditBackup } from '../audit/audit.ts';
import { withLocks } from '../repository/with-locks.ts';
import { claimedElsewhere } from '../history/claim.ts';
import { guardedBackup } from '../history/marker.ts';
import type { BackupRef } from '../repository/catalog.ts';

export interface PruneOptions {
  readonly policy: Policy;
  readonly dryRun: boolean;
  /** Asked once, with the plan, when there is something to remove. */
  readonly confirm: (plan: PruneReport) => Promise<boolean>;
}

/**
 * Removes backups of this project that no rule keeps, one by one, each atomically. It never removes the newest complete backup that verifies (it is
 * verified now), backups that `undo` or a guard of any checkout of the project needs, backups with state that is gone from the project and was not
 * accepted as gone, backups that cannot be read, and those of other projects. If no backup verifies, nothing is removed. Throws NO_SUCH_BACKUP if the
 * repository is not a folder, CONFIRMATION_REQUIRED, LOCKED, INTERRUPTED (then what was removed so far is logged).
 */
export async function prune(project: Project, options: PruneOptions, context: Context): Promise<PruneReport> {
  const head = startReport(context);
  requireRepository(project.repository);
  if (options.dryRun) {
    const plan = await planPrune(project, options, context);
    return { ...head(), ...plan };
  }
  return withLocks(project, 'prune', async () => {
    await recoverLeftovers(project, context);
    const plan = await planPrune(project, options, context);
    if (plan.remove.length === 0) return { ...head(), ...plan };
    if (!(await options.confirm({ ...head(), ...plan }))) {
      throw new BackupError('CONFIRMATION_REQUIRED', 'the removal was not confirmed; nothing was removed', {
        hint: 'Run it with --yes.',
      });
    }
    const unrecorded = removeAll(project, plan, context);
    return { ...head(), ...plan, findings: [...plan.findings, ...unrecorded] };
  });
}

type Plan = Omit<PruneReport, 'tool' | 'startedAt' | 'durationMs'>;

interface Known extends Candidate, ReadBackup {}

async function planPrune(project: Project, { policy, dryRun }: PruneOptions, context: Context): Promise<Plan> {
  const known = ownBackups(project).map((backup): Known => {
    return { ...backup, tags: backup.manifest === null ? null : (backup.manifest.tags ?? {}) };
  });
  const reasons = reasonsToKeep(known, policy, (context.now ?? (() => new Date()))());
  for (const id of undoTargets(project.repository)) reasons.get(id)?.push('undo needs it');
  for (const [id, why] of guardedAmong(project, known)) reasons.get(id)?.push(why);
  const findings: Finding[] = [];
  const goes = (): Known[] => known.filter(({ id }) => reasons.get(id)?.length === 0);
  // Which backups hold lost state matters only if something would be removed.
  for (const { backupId, gone, notCompared } of goes().length === 0 ? [] : await lostState(project, context.signal)) {
    if (notCompared !== null) reasons.get(backupId)?.push('it may have state that is gone');
    else if (gone.length > 0) reasons.get(backupId)?.push('it has state that is gone');
  }
  const whole = known.filter((backup) => backup.kind === 'migration' && isComplete(backup));
  const proven = goes().length === 0 ? null : await newestThatVerifies(whole, context);
  const newestVerified = proven ?? (goes().length === 0 ? null : await newestThatVerifies(known, context));
  if (proven !== null) reasons.get(proven)?.push('the newest complete one that verifies');
  else if (newestVerified !== null) {
    reasons.get(newestVerified)?.push('the newest that verifies');
    // A partial backup lacks the rest, so the remains of a complete one may be all that there is.
    for (const { id } of whole) reasons.get(id)?.push('no complete backup verifies');
  } else if (goes().length > 0) {
    findings.push(nothingVerifies());
    for (const { id } of goes()) reasons.get(id)?.push('no backup verifies');
  }
  const describe = ({ id, kind, folder, manifest }: Known) => ({
    backupId: id,
    kind,
    bytes: bytesBelow(folder),
    note: manifest?.note ?? null,
  });
  const remove = goes().map(describe).toReversed();
  return {
    operation: 'prune',
    repository: project.repository,
    dryRun,
    remove,
    keep: known
      .filter(({ id }) => (reasons.get(id) ?? []).length > 0)
      .map((backup) => ({ ...describe(backup), reasons: reasons.get(backup.id) ?? [] })),
    freedBytes: remove.reduce((total, { bytes }) => total + bytes, 0),
    newestVerified,
    findings,
  };
}

function isComplete({ manifest, folder }: Known): boolean {
  return manifest !== null && whyPartial(manifest, folder) === null;
}

/** A record of an old verification says nothing about the disk of today: the bytes are read now. */
async function newestThatVerifies(known: readonly Known[], context: Context): Promise<string | null> {
  for (const { id, kind, folder } of known) {
    if (kind !== 'migration') continue;
    const quiet = { ...context, onEvent: undefined };
    const selected = await readable({ id, folder, dispose() {} }, quiet);
    try {
      const { status } = await auditBackup(selected.folder, selected.auditId ?? id, { mode: 'full' }, quiet);
      if (status !== 'FAILED') return id;
    } catch (error) {
      // A backup that this user may not read is kept, and proves nothing.
      if (!(error instanceof BackupError) || !isForbidden(error.cause)) throw error;
    } finally {
      selected.dispose();
    }
  }
  return null;
}

/** Each removal is on record before the next begins. Returns what could not be recorded. */
function removeAll(project: Project, { remove }: Plan, context: Context): Finding[] {
  const findings: Finding[] = [];
  for (const [done, { backupId: id }] of remove.entries()) {
    throwIfStopped(context, done, remove.length);
    try {
      removeBackup(project.repository, id, () => findings.push(...recordOperation(project, removalOf(id), context)));
    } catch (error) {
      const gone = done + (lstatOrNull(path.join(project.repository, id)) === null ? 1 : 0);
      const doing = `${gone} of ${remove.length} backups were removed, then it failed`;
      throw fromSystemError(error, doing, project.repository, 'The others are whole, and the next run continues.');
    }
  }
  return findings;
}

function throwIfStopped({ signal }: Context, done: number, all: number): void {
  if (done === 0) throwIfInterrupted(signal);
  if (signal?.aborted !== true) return;
  throw new BackupError('INTERRUPTED', `interrupted: ${done} of ${all} backups were removed, the others are whole`, {
    hint: 'Run the same command again to remove the others.',
  });
}

function bytesBelow(folder: string): number {
  let bytes = 0;
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const full = path.join(folder, entry.name);
    bytes += entry.isDirectory() ? bytesBelow(full) : (fs.lstatSync(full, { throwIfNoEntry: false })?.size ?? 0);
  }
  return bytes;
}

function nothingVerifies(): Finding {
  return {
    code: 'none-verifies',
    severity: 'error',
    message: 'no migration backup here verifies, so none is removed',
    recommendation: 'Take a new one with migbackup create, then prune.',
  };
}

/**
 * The backups that a guarded command relies on, and why they stay. A project may have several checkouts that use one repository, and each may
 * have a guard. A guard notes this beside the reports about its backup. A guard of an older version notes it only in its own folder, so the folders in
 * which the backups were made are looked into as well; if one cannot be looked into, all backups that were made in it stay.
 */
function guardedAmong(project: Project, backups: readonly ReadBackup[]): [id: string, why: string][] {
  const { root } = project;
  const claimed = backups.flatMap(({ id }): [string, string][] => {
    const why = claimedElsewhere(project, id);
    return why === null ? [] : [[id, why]];
  });
  const byRoot = Map.groupBy(backups, ({ manifest }) => manifest?.project.root ?? root);
  const marked = [...new Set([root, ...byRoot.keys()])]
    .filter((folder) => folder === root || isLocal(folder))
    .flatMap((folder): [string, string][] => {
      try {
        const guarded = guardedBackup(folder);
        return guarded === null ? [] : [[guarded, 'a guarded command relies on it']];
      } catch (error) {
        if (errnoOf(error) === undefined || folder === root) throw error;
        const why = `it is not known whether a guarded command in ${folder} relies on it`;
        return (byRoot.get(folder) ?? []).map(({ id }): [string, string] => [id, why]);
      }
    });
  return [...claimed, ...marked];
}

/** A network share is not looked into just because a backup names it: a backup may state anything. */
function isLocal(folder: string): boolean {
  return !/^[\\/]{2}/.test(folder);
}

/** What is kept. A backup stays if any rule keeps it. */
export interface Policy {
  /** This many of the newest migration backups. */
  readonly keepLast?: number | undefined;
  /** Migration backups that are at most this old, in milliseconds. */
  readonly keepWithinMs?: number | undefined;
  /** Migration backups that carry all of these tags; several sets may be given. */
  readonly keepTags?: readonly Readonly<Record<string, string>>[] | undefined;
  /** This many of the newest safety backups. */
  readonly keepSafety: number;
}

/** A backup as a policy sees it. Null tags: its manifest cannot be read. */
interface Candidate extends BackupRef {
  readonly tags: Readonly<Record<string, string>> | null;
}

/**
 * Why each backup stays; a backup without a reason may be removed. One that cannot be read always stays and is not counted by any rule: it may
 * be all that is left of something.
 * @param candidates newest first
 */
function reasonsToKeep(candidates: readonly Candidate[], policy: Policy, now: Date): Map<string, string[]> {
  const reasons = new Map<string, string[]>(candidates.map(({ id }) => [id, []]));
  const keep = (id: string, why: string): void => void reasons.get(id)?.push(why);
  const readable = candidates.filter((candidate) => candidate.tags !== null);
  for (const { id } of candidates.filter((candidate) => candidate.tags === null))
    keep(id, 'its manifest cannot be read');
  const migrations = readable.filter(({ kind }) => kind === 'migration');
  for (const { id } of migrations.slice(0, policy.keepLast ?? 0)) keep(id, `among the last ${policy.keepLast}`);
  for (const { id, time, tags } of migrations) {
    if (policy.keepWithinMs !== undefined && now.getTime() - time.getTime() <= policy.keepWithinMs)
      keep(id, 'young enough');
    for (const wanted of policy.keepTags ?? []) {
      const words = Object.entries(wanted);
      if (words.every(([key, value]) => tags?.[key] === value))
        keep(id, `tagged ${words.map(([key, value]) => `${key}=${value}`).join(' ')}`);
    }
  }
  const safeties = readable.filter(({ kind }) => kind === 'safety');
  for (const { id } of safeties.slice(0, policy.keepSafety))
    keep(id, `among the last ${policy.keepSafety} safety backups`);
  return reasons;
}
