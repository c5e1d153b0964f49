import { readOperations } from './reports.ts';

/** A copy that this repository's operation log says was pushed to a remote, and not removed from there since. */
export interface PushedRecord {
  readonly backupId: string;
  /** The name of the remote at that time. */
  readonly remote: string;
  readonly place: string;
  readonly tag: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  /** ISO 8601, UTC; null if it has no lock. */
  readonly lockedUntil: string | null;
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
        time,
        lockedUntil: typeof lockedUntil === 'string' ? lockedUntil : null,
      });
  }
  return [...known.values()];
}
