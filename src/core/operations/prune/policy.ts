import type { BackupRef } from '../../repository/catalog.ts';

/** What is kept. A backup stays if any rule keeps it. */
export interface Policy {
  /** The newest so many migration backups. */
  readonly keepLast?: number | undefined;
  /** Migration backups that are no older, in milliseconds. */
  readonly keepWithinMs?: number | undefined;
  /** Migration backups that carry all of these tags; several sets may be given. */
  readonly keepTags?: readonly Readonly<Record<string, string>>[] | undefined;
  /** The newest so many safety backups. */
  readonly keepSafety: number;
}

/** A backup as a policy sees it. Null tags: its manifest cannot be read. */
export interface Candidate extends BackupRef {
  readonly tags: Readonly<Record<string, string>> | null;
}

/**
 * Why each backup stays; an id without a reason may go. One that cannot be read always stays and counts for nothing: it may be all that is
 * left of something.
 * @param candidates newest first
 */
export function reasonsToKeep(candidates: readonly Candidate[], policy: Policy, now: Date): Map<string, string[]> {
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
