import type { Entry } from '../../model/entry.ts';
import type { Finding } from '../../model/finding.ts';
import { BackupError } from '../../model/backup-error.ts';

/** Whether owners can be set at all: only root may give files away. */
export function maySetOwners(): boolean {
  return process.getuid?.() === 0;
}

/** Throws USAGE where owners are asked for and cannot be set. */
export function requireOwners(owner: boolean | undefined): void {
  if (owner !== true || maySetOwners()) return;
  throw new BackupError('USAGE', 'only root can set owners', { hint: 'Leave --owner out, or run it as root.' });
}

/** What root has to know who brought files back without their owners: they are root's now. */
export function ownersNotSet(entries: Iterable<Entry>): Finding[] {
  if (!maySetOwners()) return [];
  const affects = [...entries].filter(({ uid, gid }) => uid !== 0 || gid !== 0).map((entry) => entry.path);
  if (affects.length === 0) return [];
  const message = `${affects.length} of what was brought back belonged to others and is root's now`;
  const recommendation = 'migbackup restore --owner sets owner and group too.';
  return [{ code: 'owner-not-set', severity: 'warning', message, affects, recommendation }];
}
