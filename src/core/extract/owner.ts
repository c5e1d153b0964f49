import type { Entry } from '../model/entry.ts';
import type { Finding } from '../model/finding.ts';
import { BackupError } from '../model/backup-error.ts';

/** Whether owners can be set at all: only root may give files away. */
export function maySetOwners(): boolean {
  return process.getuid?.() === 0;
}

/** Throws USAGE if the caller wants owners to be set and this user cannot set them. */
export function requireOwners(owner: boolean | undefined): void {
  if (owner !== true || maySetOwners()) return;
  throw new BackupError('USAGE', 'only root can set owners', {
    hint: 'Leave out --owner, or run the command as root.',
  });
}

/** Whether an entry that belongs to somebody else becomes root's, because root brings it back and does not set owners. */
export function losesOwner({ uid, gid }: Entry): boolean {
  return maySetOwners() && (uid !== 0 || gid !== 0);
}

/** Tells root that files which were brought back without their owners now belong to root. */
export function ownersNotSet(affects: string[]): Finding[] {
  if (affects.length === 0) return [];
  const message = `${affects.length} restored entries belonged to other users and now belong to root`;
  const recommendation = 'migbackup restore --owner sets owner and group too.';
  return [{ code: 'owner-not-set', severity: 'warning', message, affects, recommendation }];
}
