import type fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { findOpenFiles, type OpenFiles } from '../../fs/open-files.ts';
import type { Holder } from '../engine.ts';
import { lockHolders } from './lock-holders.ts';
import { ourProcesses } from './our-locks.ts';

/** What identifies a file even after it was renamed, and its owner. */
export type OpenedFile = Pick<fs.BigIntStats, 'dev' | 'ino' | 'uid'>;

/**
 * Which other processes have one of these files open or have a lock on it (Linux; other systems do not tell). It takes no lock itself. This user
 * cannot see the descriptors of other users' processes, only their locks. So the answer is `unknown` if the owner of a file has processes that this
 * user may not look into. Hidden processes of anybody else are ignored: there are always some, and nothing connects them with the file
 * (docs/decisions/0018-sqlite-locks.md).
 */
export function whoHasOpen(files: readonly OpenedFile[], open: OpenFiles | null = findOpenFiles()): Holder {
  const locks = files.map((file) => lockHolders(file));
  const lockers = strangers(locks.flatMap((each) => each?.pids ?? []));
  const opened = strangers(files.flatMap((file) => open?.holders(file) ?? []));
  const pids = [...new Set([...lockers, ...opened])].toSorted((a, b) => a - b);
  if (lockers.length > 0) return { held: 'yes', pids, evidence: `${named(lockers)} has a lock on it` };
  if (pids.length > 0) return { held: 'yes', pids, evidence: `${named(pids)} has it open` };
  if (locks.some((each) => each?.locked === true && each.pids.length === 0)) {
    return { held: 'yes', pids, evidence: 'a process that the system does not name has a lock on it' };
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

/** The pause before the second look. Each later pause is twice as long as the one before. */
const POLL_MS = 20;
const LONGEST_POLL_MS = 320;

/**
 * Waits at most `patienceMs` until no process has one of the files open, and returns the answer of the last look. A process that opened a database
 * just before it was replaced keeps the old file and would write into the new one's `-wal`. So the caller holds the old file's lock until that
 * process has closed it.
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

/** Leaves out the processes that hold locks for us. */
export function strangers(pids: readonly number[]): number[] {
  return pids.filter((pid) => !ourProcesses.has(pid));
}

function named(pids: readonly number[]): string {
  return pids.length === 1 ? `process ${pids.join('')}` : `each of the processes ${pids.join(', ')}`;
}
