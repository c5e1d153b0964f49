import type { Project } from '../../model/category.ts';
import { isVersion1 } from '../../format/version1.ts';
import { VERSION_1_IS_PARTIAL, whyPartial } from '../../format/why-partial.ts';
import type { CheckResult } from '../../model/validate-report.ts';
import { shellLine } from '../../model/shell-quote.ts';
import { escapeName } from '../../paths/names.ts';
import type { BackupRef } from '../../repository/catalog.ts';
import { backupStatus, type BackupStatus } from '../../repository/backup-status.ts';
import type { KnownCopies } from '../../repository/joined-copies.ts';
import { lastVerification, type Verification } from '../../repository/reports.ts';
import { Owner, readBackups } from '../../repository/whose.ts';

/** A migration backup, and what is known about it without reading its archives. */
export interface KnownBackup extends BackupStatus {
  readonly ref: BackupRef;
  /** Why it is partial. Null if it is complete, and also if nobody can tell. */
  readonly partial: string | null;
  readonly last: Verification | null;
}

/** The project's migration backups, newest first. Backups that cannot be read are included, because they may be the project's too. */
export function knownBackups(project: Project): KnownBackup[] {
  const owner = new Owner(project);
  return readBackups(project.repository)
    .filter(({ kind, folder, manifest }) => {
      if (kind !== 'migration') return false;
      return owner.owns(manifest, folder) || (manifest === null && !isVersion1(folder));
    })
    .map((ref) => {
      const partial = isVersion1(ref.folder)
        ? VERSION_1_IS_PARTIAL
        : ref.manifest && whyPartial(ref.manifest, ref.folder);
      return { ref, ...backupStatus(ref), partial, last: lastVerification(project.repository, ref.id) };
    });
}

/** The backups that `latest` chooses from: the complete ones, or all of them if none is complete. */
export function candidates(backups: readonly KnownBackup[]): readonly KnownBackup[] {
  const whole = backups.filter(({ partial }) => partial === null);
  return whole.length > 0 ? whole : backups;
}

/** Whether a backup is on record as verified in full, and no problem is seen in it now. */
export function stands({ problem, last }: KnownBackup): boolean {
  return problem === null && last?.mode === 'full' && last.status !== 'FAILED';
}

/** Says what there is to go back to: how many backups, and the newest one that was verified in full, with its age. */
export function checkBackups(backups: readonly KnownBackup[], now: Date): CheckResult {
  const about = { id: 'backups', group: 'repository' } as const;
  const [newest] = candidates(backups);
  const verified = candidates(backups).find(stands);
  const ageSeconds = verified && Math.round((now.getTime() - verified.ref.time.getTime()) / 1000);
  const evidence = {
    count: backups.length,
    newest: newest?.ref.id ?? null,
    newestVerified: verified?.ref.id ?? null,
    newestVerifiedAgeSeconds: ageSeconds ?? null,
  };
  if (newest === undefined) return { ...about, status: 'info', message: 'no backup yet', evidence };
  if (newest.partial !== null) {
    return {
      ...about,
      status: 'warning',
      message: `no backup is complete: ${newest.ref.id} is partial (${newest.partial})`,
      evidence,
      recommendation: 'Take a complete one with migbackup create.',
    };
  }
  const count = backups.length === 1 ? 'one backup' : `${backups.length} backups`;
  if (verified === undefined || ageSeconds === undefined) {
    return {
      ...about,
      status: 'warning',
      message: `${count}, none of which is on record as verified in full`,
      evidence,
      recommendation: 'migbackup verify --latest says whether it can be relied on.',
    };
  }
  const age = `verified in full, ${sayAge(ageSeconds)} old`;
  if (verified === newest)
    return {
      ...about,
      status: 'ok',
      message: backups.length === 1 ? `${count}, ${age}` : `${count}, the newest ${age}`,
      evidence,
    };
  return {
    ...about,
    status: 'warning',
    message: `${count}, the newest not verified; ${verified.ref.id} is ${age}`,
    evidence,
    recommendation: 'migbackup verify --latest says whether the newest can be relied on.',
  };
}

/** Checks the newest backup, which restore uses if no other is named. */
export function checkNewestBackup(backups: readonly KnownBackup[]): CheckResult[] {
  const [newest] = candidates(backups);
  if (newest === undefined) return [];
  const { ref, problem, forbidden, last } = newest;
  if (forbidden !== null)
    return [
      {
        id: 'newest-backup',
        group: 'repository',
        status: 'warning',
        message: `${ref.id} may not be read: ${problem}`,
        evidence: { backupId: ref.id, problem, lastVerification: last },
        paths: [ref.folder],
        recommendation: forbidden,
      },
    ];
  const failed = last?.status === 'FAILED' ? `its verification at ${last.time} FAILED` : null;
  const wrong = problem ?? failed;
  return [
    {
      id: 'newest-backup',
      group: 'repository',
      status: wrong === null ? 'ok' : 'warning',
      message: wrong === null ? 'no problem is seen in the newest backup' : `${ref.id} is damaged: ${wrong}`,
      evidence: { backupId: ref.id, problem, lastVerification: last },
      ...(wrong === null
        ? {}
        : {
            paths: [ref.folder],
            recommendation: 'migbackup verify --latest shows all problems. Take a new backup with migbackup create.',
          }),
    },
  ];
}

/** Checks whether each remote of the config has a copy of the newest complete backup, as far as that is known: no remote is asked. */
export function checkCopies(
  { config }: Pick<Project, 'config'>,
  backups: readonly KnownBackup[],
  copies: KnownCopies,
  now: Date,
): CheckResult {
  const about = { id: 'copies', group: 'repository' } as const;
  const remotes = Object.keys(config.remotes ?? {});
  const [newest] = candidates(backups);
  if (remotes.length === 0) return { ...about, status: 'ok', message: 'the config names no remote' };
  if (newest === undefined || newest.partial !== null)
    return { ...about, status: 'ok', message: 'there is no complete backup yet that could have copies' };
  const { id } = newest.ref;
  const known = copies.of(newest.ref);
  const without = copies.remotesWithout(known);
  const gone = known.filter(({ remote, missing }) => missing && remotes.includes(remote));
  const evidence = { backupId: id, copies: known, without };
  const lacking = [...gone.map(({ remote }) => remote), ...without];
  if (lacking.length > 0) {
    const said = [
      ...gone.map(({ remote, seenAt }) => `it was not in ${escapeName(remote)} any more at ${seenAt}`),
      ...(without.length === 0 ? [] : [`no copy is known in ${without.map(escapeName).join(', ')}`]),
    ];
    const there = lacking.flatMap((remote) => ['--remote', remote]);
    const push = shellLine(['migbackup', 'push', id, ...there]);
    const ask = shellLine(['migbackup', 'status', ...there]);
    const recommendation =
      without.length === 0
        ? `Find out who removed it. Run ${push} to push it again.`
        : `Run ${push} to push it. If another machine may have pushed it, run ${ask} to see that.`;
    return { ...about, status: 'warning', message: `${id}: ${said.join('; ')}`, evidence, recommendation };
  }
  const isOver = (until: string | null): boolean => until !== null && Date.parse(until) <= now.getTime();
  const ended = known.filter(({ missing, lockedUntil }) => !missing && isOver(lockedUntil));
  if (ended.length > 0) {
    const days = ended.map(({ remote, lockedUntil }) => `in ${escapeName(remote)} on ${lockedUntil?.slice(0, 10)}`);
    const there = ended.flatMap(({ remote }) => ['--remote', remote]);
    const extend = shellLine(['migbackup', 'push', id, '--extend-lock', ...there]);
    const message = `the lock of the copy of ${id} ended ${days.join(', ')}`;
    return { ...about, status: 'info', message, evidence, recommendation: `Run ${extend} to lock it again.` };
  }
  return { ...about, status: 'ok', message: 'a copy of the newest backup is known in each remote', evidence };
}

function sayAge(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  if (hours < 1) return `${Math.max(Math.floor(seconds / 60), 0)} min`;
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
}
