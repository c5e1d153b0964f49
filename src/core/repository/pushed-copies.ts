import type { KnownCopy } from '../model/list-report.ts';
import { errnoOf } from '../model/backup-error.ts';
import { readOperations } from './reports.ts';

/** A copy that this repository's operation log says was pushed to a remote, and not removed from there by `prune` since. */
export interface PushedRecord extends Omit<KnownCopy, 'seenAt' | 'missing'> {
  readonly backupId: string;
}

/** What an operation log says of copies. */
export interface CopyLog {
  /** Oldest first, each once. */
  readonly pushed: PushedRecord[];
  /** When `prune` removed a copy, by `copyName`. ISO 8601, UTC. */
  readonly removed: ReadonlyMap<string, string>;
}

/** One name for a copy in a place. */
export function copyName(backupId: string, place: string, tag: string): string {
  return `${backupId} ${place} ${tag}`;
}

/** What the log says of copies. Nobody asks a remote for this. */
export function pushedCopies(repository: string): PushedRecord[] {
  return readCopyLog(repository).pushed;
}

/** The same with what prune removed. */
export function readCopyLog(repository: string): CopyLog {
  const known = new Map<string, PushedRecord>();
  const removed = new Map<string, string>();
  for (const { operation, backupId, time, copy } of operationsIfReadable(repository)) {
    if (typeof backupId !== 'string' || typeof time !== 'string' || typeof copy !== 'object' || copy === null) continue;
    const { remote, place, tag, lockedUntil }: Record<string, unknown> = { ...copy };
    if (typeof remote !== 'string' || typeof place !== 'string' || typeof tag !== 'string') continue;
    const name = copyName(backupId, place, tag);
    if (operation === 'prune-remote') {
      known.delete(name);
      removed.set(name, time);
    } else if (operation === 'push') {
      const before = known.get(name);
      const until = laterOf(before?.lockedUntil ?? null, typeof lockedUntil === 'string' ? lockedUntil : null);
      // A later line says that its lock was extended.
      known.set(name, { backupId, remote, place, tag, pushedAt: before?.pushedAt ?? time, lockedUntil: until });
    }
  }
  return { pushed: [...known.values()], removed };
}

/** The operation log. One that this user may not read says nothing of copies; other parts of a command say that it cannot be read. */
export function operationsIfReadable(repository: string): Record<string, unknown>[] {
  try {
    return readOperations(repository);
  } catch (error) {
    if (!['EACCES', 'EPERM'].includes(errnoOf(error) ?? '')) throw error;
    return [];
  }
}

/** Of two ends of a lock the one that counts. */
export function laterOf(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other;
  return Date.parse(one) < Date.parse(other) ? other : one;
}
