import type { KnownCopy } from '../model/list-report.ts';
import { readOperations } from './reports.ts';

/** A copy that this repository's operation log says was pushed to a remote, and not removed from there by `prune` since. */
export interface PushedRecord extends KnownCopy {
  readonly backupId: string;
}

/** What the log says of copies, oldest first, each once. Nobody asks a remote for this. */
export function pushedCopies(repository: string): PushedRecord[] {
  const known = new Map<string, PushedRecord>();
  for (const { operation, backupId, time, copy } of readOperations(repository)) {
    if (typeof backupId !== 'string' || typeof time !== 'string' || typeof copy !== 'object' || copy === null) continue;
    const { remote, place, tag, lockedUntil }: Record<string, unknown> = { ...copy };
    if (typeof remote !== 'string' || typeof place !== 'string' || typeof tag !== 'string') continue;
    const key = `${backupId} ${place} ${tag}`;
    if (operation === 'prune-remote') known.delete(key);
    else if (operation === 'push')
      known.set(key, {
        backupId,
        remote,
        place,
        tag,
        // A later record of the same copy says that it is locked longer.
        pushedAt: known.get(key)?.pushedAt ?? time,
        lockedUntil: typeof lockedUntil === 'string' ? lockedUntil : null,
      });
  }
  return [...known.values()];
}

/** The same by backup. */
export function copiesByBackup(repository: string): ReadonlyMap<string, KnownCopy[]> {
  const found = new Map<string, KnownCopy[]>();
  for (const { backupId, ...copy } of pushedCopies(repository)) {
    const copies = found.get(backupId) ?? [];
    copies.push(copy);
    found.set(backupId, copies);
  }
  return found;
}
