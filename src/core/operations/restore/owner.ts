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
