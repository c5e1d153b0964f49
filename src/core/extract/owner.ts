import type { Entry } from '../model/entry.ts';
import type { Finding } from '../model/finding.ts';
import { BackupError } from '../model/backup-error.ts';

/** Whether owners can be set at all: only root may give files away. */
export function maySetOwners(): boolean {
  return process.getuid?.() === 0;
}

/** Throws USAGE where owners are asked for and cannot be set. */
export function requireOwners(owner: boolean | undefined): void {
  if (owner !== true || maySetOwners()) return;
  throw new BackupError('USAGE', 'only root can set owners', { hint: 'Leave --owner out, or run it as root.' });
}

/** Whether an entry has another owner than the one that brings it back, who is root and sets none. */
export function losesOwner({ uid, gid }: Entry): boolean {
  return maySetOwners() && (uid !== 0 || gid !== 0);
}

/** What root has to know who brought files back without their owners: they are root's now. */
export function ownersNotSet(affects: string[]): Finding[] {
  if (affects.length === 0) return [];
  const message = `${affects.length} of what was brought back belonged to others and is root's now`;
  const recommendation = 'migbackup restore --owner sets owner and group too.';
  return [{ code: 'owner-not-set', severity: 'warning', message, affects, recommendation }];
}
