import type fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { findOpenFiles, type OpenFiles } from '../../fs/open-files.ts';
import type { Holder } from '../engine.ts';
import { lockHolders } from './lock-holders.ts';
import { ourProcesses } from './our-locks.ts';

/** What a file is known by, whatever its name is by now, and who owns it. */
export type OpenedFile = Pick<fs.BigIntStats, 'dev' | 'ino' | 'uid'>;

/**
 * Which other processes have one of these files open, or have a lock on it, without a lock of our own (Linux; elsewhere nothing tells).
 * Descriptors of other users' processes are not ours to see, but their locks are. So it cannot be told where the owner of a file has
 * processes that we may not look into. Everybody else's are passed over: there are always some, and who neither owns the file nor
 * has a lock on it has no part in it that we could know. (docs/decisions/0018-sqlite-locks.md)
 */
export function whoHasOpen(files: readonly OpenedFile[], open: OpenFiles | null = findOpenFiles()): Holder {
  const locks = files.map((file) => lockHolders(file));
  const lockers = strangers(locks.flatMap((each) => each?.pids ?? []));
  const opened = strangers(files.flatMap((file) => open?.holders(file) ?? []));
  const pids = [...new Set([...lockers, ...opened])].toSorted((a, b) => a - b);
  if (lockers.length > 0) return { held: 'yes', pids, evidence: `${named(lockers)} has a lock on it` };
  if (pids.length > 0) return { held: 'yes', pids, evidence: `${named(pids)} has it open` };
  if (locks.some((each) => each?.locked === true && each.pids.length === 0)) {
    return { held: 'yes', pids, evidence: 'somebody whom the system does not name has a lock on it' };
  }
  if (open === null || locks.includes(null)) {
    return { held: 'unknown', pids, evidence: 'this system does not tell which files a process has open or locked' };
  }
  const owner = files.find(({ uid }) => Number(uid) !== process.geteuid?.() && isUnseen(Number(uid), open))?.uid;
  if (owner !== undefined) {
    const evidence = `it belongs to user ${owner}, whose processes this user may not look into`;
    return { held: 'unknown', pids, evidence };
  }
  const unseen = [...open.unseen.values()].reduce((sum, count) => sum + count, 0);
  const but = unseen > 0 ? ` (${unseen} could not be looked into; none of them has a lock on it)` : '';
  return { held: 'no', pids, evidence: `no process that can be seen from here has it open or has a lock on it${but}` };
}

/** The first look follows the last by so much, then by twice as much. */
const POLL_MS = 20;
const LONGEST_POLL_MS = 320;

/**
 * Waits until nobody has one of the files open any more, for at most `patienceMs`; the answer is the last look's. Whoever has opened a database just
 * before it was replaced keeps the old file, and writes into the new one's `-wal` with it: the old file's lock is held until he has gone.
 */
export async function untilClosed(
  files: readonly OpenedFile[],
  { patienceMs, signal }: { readonly patienceMs: number; readonly signal?: AbortSignal | undefined },
): Promise<Holder> {
  const until = performance.now() + patienceMs;
  for (let wait = POLL_MS; ; wait = Math.min(wait * 2, LONGEST_POLL_MS)) {
    const holder = whoHasOpen(files);
    const left = until - performance.now();
    if (holder.held !== 'yes' || left <= 0 || signal?.aborted === true) return holder;
    await sleep(Math.min(wait, left), undefined, { signal }).catch(() => undefined);
  }
}

function isUnseen(user: number, open: OpenFiles): boolean {
  return open.hidden || open.unseen.has(user);
}

/** Without the processes of our own that hold locks. */
export function strangers(pids: readonly number[]): number[] {
  return pids.filter((pid) => !ourProcesses.has(pid));
}

function named(pids: readonly number[]): string {
  return pids.length === 1 ? `process ${pids.join('')}` : `each of the processes ${pids.join(', ')}`;
}
