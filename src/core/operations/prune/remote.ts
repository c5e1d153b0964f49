import { atOnce } from '../../concurrency/at-once.ts';
import { recordOperation } from '../../history/operation-log.ts';
import { BackupError, throwIfInterrupted } from '../../model/backup-error.ts';
import type { Project } from '../../model/category.ts';
import type { Context } from '../../model/event.ts';
import type { Finding } from '../../model/finding.ts';
import type { PruneReport } from '../../model/prune-report.ts';
import { startReport } from '../../repository/report-head.ts';
import { commitKey, DATA_PREFIX, dataPrefix, parseDataKey } from '../../repository/remotes/layout.ts';
import { listCopies, type Copy } from '../../repository/remotes/list-copies.ts';
import { chooseRemote, openRemote } from '../../repository/remotes/open-remote.ts';
import { totalBytes, type Remote, type Unfinished, type Version } from '../../repository/remotes/remote.ts';
import { compareStored } from '../../repository/remotes/stored-objects.ts';
import { Owner } from '../../repository/whose.ts';

export interface PruneRemoteOptions {
  /** A name in the config, or a URL. */
  readonly remote: string;
  readonly insecure: boolean;
  /** Keep the newest N migration backups. */
  readonly keepLast?: number | undefined;
  /** Keep migration backups whose copy is at most this old, in milliseconds. */
  readonly keepWithinMs?: number | undefined;
  readonly keepSafety: number;
  /** Also remove objects without a commit, and unfinished uploads, that are older than this, in milliseconds. */
  readonly orphansMs?: number | undefined;
  readonly dryRun: boolean;
  /** Asked once, with the plan, when there is something to remove. */
  readonly confirm: (plan: PruneReport) => Promise<boolean>;
}

const AT_ONCE = 8;

/**
 * Removes copies of this project from a remote that no rule keeps: the commit first, with which the copy ends, then its objects. Never removed are the newest
 * complete backup, locked copies, those of other projects, and what a push may still be sending. Ages go by the clock of the remote. Throws
 * CONFIRMATION_REQUIRED, INTERRUPTED (the next run goes on) and the errors of a remote.
 */
export async function pruneRemote(
  project: Project,
  options: PruneRemoteOptions,
  context: Context,
): Promise<PruneReport> {
  const head = startReport(context);
  const choice = chooseRemote(project.config, options.remote);
  const remote = await openRemote(choice, options.insecure, context);
  try {
    const owner = new Owner(project);
    const { copies, bad } = await listCopies(remote);
    const own = copies.filter(({ statement }) => owner.ownsCopy(statement));
    const newest = await newestWhole(remote, own);
    const reasons = reasonsToKeep(own, newest, options, remote.now());
    // A commit that cannot be believed may still be all that is left of something.
    const committed = new Set([...copies, ...bad].map(({ id, tag }) => `${id}/${tag}`));
    const orphans = options.orphansMs === undefined ? [] : await findOrphans(remote, committed, options.orphansMs);
    const unmatched = own.filter((copy) => reasons.get(copy)?.length === 0);
    const isLocked = (copy: Copy): boolean => lockEnd(copy) > remote.now().getTime();
    const remove = unmatched.filter((copy) => !isLocked(copy)).toReversed();
    const report: Omit<PruneReport, 'tool' | 'startedAt' | 'durationMs'> = {
      operation: 'prune',
      repository: choice.place,
      remote: choice.name,
      dryRun: options.dryRun,
      remove: remove.map(describe),
      keep: own
        .filter((copy) => !remove.includes(copy))
        .map((copy) => ({ ...describe(copy), reasons: reasons.get(copy) ?? [] }))
        .map((kept) => (kept.reasons.length > 0 ? kept : { ...kept, reasons: ['it is locked'] })),
      orphans: orphans.map(({ versions, uploads, ...about }) => ({
        ...about,
        objects: versions.length,
        uploads: uploads.length,
        bytes: totalBytes(versions),
      })),
      freedBytes:
        remove.reduce((total, copy) => total + sizeOf(copy), 0) + totalBytes(orphans.flatMap((one) => one.versions)),
      newestVerified: null,
      findings: unmatched.filter(isLocked).map(locked),
    };
    if (options.dryRun || (remove.length === 0 && orphans.length === 0)) return { ...head(), ...report };
    if (!(await options.confirm({ ...head(), ...report })))
      throw new BackupError('CONFIRMATION_REQUIRED', 'the removal was not confirmed; nothing was removed', {
        hint: 'Run it with --yes.',
      });
    const findings: Finding[] = [];
    for (const copy of remove) findings.push(...(await removeCopy(project, remote, copy, context)));
    for (const orphan of orphans) {
      throwIfInterrupted(context.signal);
      // A push may have made a copy of it since it was found.
      const { copies: now, bad: refused } = await listCopies(remote, orphan.backupId);
      if ([...now, ...refused].some(({ tag }) => tag === orphan.tag)) continue;
      await atOnce(AT_ONCE, orphan.uploads, (upload) => remote.abort(upload));
      await removeVersions(remote, orphan.versions);
    }
    return { ...head(), ...report, findings: [...report.findings, ...findings] };
  } finally {
    remote.close();
  }
}

/** The newest complete copy that has all its objects; of no such copy the newest one. A commit alone may be all that somebody wrote. */
async function newestWhole(remote: Remote, copies: readonly Copy[]): Promise<Copy | undefined> {
  for (const copy of copies) {
    if (copy.statement.completeness !== 'complete') continue;
    const findings = await compareStored(remote, copy);
    if (!findings.some(({ code }) => code === 'copy-altered')) return copy;
  }
  return copies[0];
}

function reasonsToKeep(
  copies: readonly Copy[],
  newest: Copy | undefined,
  options: PruneRemoteOptions,
  now: Date,
): Map<Copy, string[]> {
  const reasons = new Map<Copy, string[]>(copies.map((copy) => [copy, []]));
  const keep = (ids: ReadonlySet<string>, why: string): void => {
    for (const [copy, all] of reasons) if (ids.has(copy.id)) all.push(why);
  };
  const idsOf = (kind: 'migration' | 'safety'): string[] => [
    ...new Set(copies.filter(({ statement }) => statement.kind === kind).map(({ id }) => id)),
  ];
  const { keepLast = 0, keepWithinMs, keepSafety } = options;
  keep(new Set(idsOf('migration').slice(0, keepLast)), `among the last ${keepLast}`);
  keep(new Set(idsOf('safety').slice(0, keepSafety)), `among the last ${keepSafety} safety backups`);
  for (const [copy, all] of reasons)
    if (keepWithinMs !== undefined && now.getTime() - copy.pushedAt.getTime() <= keepWithinMs) all.push('young enough');
  if (newest !== undefined) keep(new Set([newest.id]), 'the newest complete one');
  // Which of them is right, a person has to say first.
  const several = [...Map.groupBy(copies, ({ id }) => id)].filter(([, same]) => same.length > 1).map(([id]) => id);
  keep(new Set(several), 'there are different copies of it');
  return reasons;
}

interface Orphan {
  readonly backupId: string;
  readonly tag: string;
  readonly versions: readonly Version[];
  readonly uploads: readonly Unfinished[];
}

/** Objects and uploads that belong to no commit. One that is young belongs to a push that is at work, and so do the others beside it. */
async function findOrphans(remote: Remote, committed: ReadonlySet<string>, olderMs: number): Promise<Orphan[]> {
  const before = remote.now().getTime() - olderMs;
  const found = new Map<string, { versions: Version[]; uploads: Unfinished[]; isYoung: boolean }>();
  const groupOf = (key: string, time: Date) => {
    const parsed = parseDataKey(key);
    const name = parsed === null ? null : `${parsed.id}/${parsed.tag}`;
    if (name === null || committed.has(name)) return undefined;
    const group = found.get(name) ?? { versions: [], uploads: [], isYoung: false };
    found.set(name, group);
    if (time.getTime() > before) group.isYoung = true;
    return group;
  };
  for await (const version of remote.versions(DATA_PREFIX))
    groupOf(version.key, version.modifiedAt)?.versions.push(version);
  for await (const upload of remote.unfinished(DATA_PREFIX)) groupOf(upload.key, upload.begunAt)?.uploads.push(upload);
  return [...found].flatMap(([name, { isYoung, versions, uploads }]) => {
    const [backupId = '', tag = ''] = name.split('/');
    return isYoung ? [] : [{ backupId, tag, versions, uploads }];
  });
}

/** The commit goes first: from then on it is no copy, and what is left of it is found by --orphans. */
async function removeCopy(project: Project, remote: Remote, copy: Copy, context: Context): Promise<Finding[]> {
  throwIfInterrupted(context.signal);
  const { id, tag, place } = copy;
  const commit = await versionsOf(remote, commitKey(id, tag));
  if (!(await removeVersions(remote, commit))) return [locked(copy)];
  const about = { backupId: id, planHash: null, safetyId: null, transactionId: null, exit: 0 };
  const record = { ...about, operation: 'prune-remote', copy: { remote: remote.name, place: remote.key, tag } };
  const unrecorded = recordOperation(project, record, context);
  const isGone = await removeVersions(remote, await versionsOf(remote, dataPrefix(id, tag)));
  if (isGone) return unrecorded;
  return [...unrecorded, { ...locked(copy), path: place }];
}

async function versionsOf(remote: Remote, prefix: string): Promise<Version[]> {
  const all: Version[] = [];
  for await (const version of remote.versions(prefix)) all.push(version);
  return all;
}

/** Removes them with their delete markers. False if a lock kept one. */
async function removeVersions(remote: Remote, versions: readonly Version[]): Promise<boolean> {
  let isGone = true;
  await atOnce(AT_ONCE, versions, async (version) => {
    if ((await remote.remove(version)) === 'locked') isGone = false;
  });
  return isGone;
}

function describe(copy: Copy): PruneReport['remove'][number] {
  return { backupId: copy.id, kind: copy.statement.kind, bytes: sizeOf(copy), note: null, tag: copy.tag };
}

function sizeOf({ statement }: Copy): number {
  return totalBytes(statement.objects);
}

function lockEnd({ statement: { lock } }: Copy): number {
  return lock === null ? 0 : Date.parse(lock.until);
}

function locked({ id, place, statement: { lock } }: Copy): Finding {
  const until = lock === null ? '' : ` until ${lock.until}`;
  return {
    code: 'copy-locked',
    severity: 'warning',
    message: `${id} is locked${until}, so it was not removed`,
    path: place,
    recommendation: 'Prune again when the lock has ended.',
  };
}
