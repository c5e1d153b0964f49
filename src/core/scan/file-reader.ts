import { storedTime } from '../fs/clock.ts';
import { flushMeanwhile } from '../fs/durable.ts';
import { createHash, hash as oneShotHash } from 'node:crypto';
import fs from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { errnoOf } from '../model/backup-error.ts';
import { modeWithoutMask, type ScannedEntry } from '../model/entry.ts';
import { isUnchanged, TICK_MS, type FileState } from './file-state.ts';

/** Where the bytes of a file go, for example an ArchiveWriter. */
export interface MemberTarget {
  begin(entry: ScannedEntry): number;
  reserve(): Buffer;
  commit(bytes: number): void;
  write(bytes: Uint8Array): void;
  end(): void;
  rollback(): Promise<void>;
  readonly needsDrain: boolean;
  drain(): Promise<void>;
}

export type ReadOutcome =
  | { readonly status: 'ok'; readonly entry: ScannedEntry; readonly sha256: string; readonly offset: number }
  | { readonly status: 'changed' | 'vanished' | 'unreadable'; readonly message: string; readonly cause?: unknown };

/** How often a file is read before it is a problem that it changes each time. */
const ATTEMPTS = 3;
/** The same for a file that is written through mapped memory: it is tried more often, because a write to any part of it counts as a change. */
const MAPPED_ATTEMPTS = 12;
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
/** If a FIFO has replaced the file, opening it must not wait. If a link has, it must not be followed. */
export const READ_FLAGS = O_RDONLY | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0);

/** The largest content that `inspect` gets. A bigger file is only hashed. */
const INSPECT_LIMIT = 64 << 20;

export type Inspect = (content: Buffer) => void;

/** What to do with a file besides storing it. */
export interface ReadOptions {
  /** Called once with the content that is stored, for files up to 64 MiB. */
  readonly inspect?: Inspect | undefined;
  /** For a file with an ACL: what the owning group may do, which its mode does not show. */
  readonly groupRights?: number | undefined;
  /** Awaited after each part of a file that is read in parts, so that a big file does not keep everything else waiting. Its errors are passed on. */
  readonly yieldIfDue?: (() => Promise<void>) | undefined;
  /** Called when a file is not in its place. It waits a moment and says whether to look again. */
  readonly lookAgain?: (() => Promise<boolean>) | undefined;
  /** Whether all folders above the file are real. What is read through a link is not what is at the path. */
  readonly isInPlace?: (() => boolean) | undefined;
  /** Whether a file that was opened may be taken for the one that was listed. */
  readonly isMeant?: ((found: fs.BigIntStats) => Promise<boolean>) | undefined;
  /** Whether a process may write to the file through mapped memory. The file's times show that only after a sync. */
  readonly isMapped?: ((found: fs.BigIntStats) => boolean) | undefined;
}

/** `outcome` is null if the file changed while it was read. `begun` says that the target holds a part of the member, which has to be rolled back. */
interface Attempt {
  readonly outcome: ReadOutcome | null;
  readonly begun: boolean;
}

const BEHIND_LINK: ReadOutcome = { status: 'changed', message: 'is in a folder that was replaced by a link' };

const EXCHANGED: ReadOutcome = {
  status: 'changed',
  message: 'was replaced by another file, and is now in another place',
};

/** An error of the file that is read, as opposed to one of the archive that is written. */
class ReadFailure extends Error {}

/**
 * Reads one regular file into `target`, and hashes it on the way in one pass over its bytes. The file is stored as it was at one moment: if size,
 * mtime or ctime differ after reading, the member is rolled back and read again, three times in all. A file that is renamed again and again, so that
 * only its ctime changes, is read twice, and both must be the same. A file that is not in its place is looked for as long as `lookAgain` says so. An
 * error of the file is an outcome, and then the target is as it was before. An error of the target is thrown.
 */
export async function readFileInto(
  file: string,
  scanned: ScannedEntry,
  target: MemberTarget,
  options: ReadOptions = {},
): Promise<ReadOutcome> {
  let attempts = ATTEMPTS;
  const isMapped = (found: fs.BigIntStats): boolean => {
    const mapped = options.isMapped?.(found) === true;
    if (mapped) attempts = MAPPED_ATTEMPTS;
    return mapped;
  };
  for (let changed = 0; ;) {
    const { outcome, begun } = await readOnce(file, scanned, target, { ...options, isMapped });
    if (outcome?.status === 'ok') return outcome;
    if (begun) await target.rollback();
    if (outcome === null) {
      if (++changed >= attempts)
        return { status: 'changed', message: `changed while it was being read, ${changed} times` };
      if (changed >= ATTEMPTS) await options.lookAgain?.();
    } else if (outcome.status === 'unreadable' || (await options.lookAgain?.()) !== true) return outcome;
  }
}

async function readOnce(
  file: string,
  scanned: ScannedEntry,
  target: MemberTarget,
  { inspect, groupRights, yieldIfDue, isInPlace = () => true, isMeant, isMapped }: ReadOptions,
): Promise<Attempt> {
  let fd: number;
  try {
    fd = fs.openSync(file, READ_FLAGS);
  } catch (cause) {
    return { outcome: refused(cause), begun: false };
  }
  let begun = false;
  try {
    let before = fs.fstatSync(fd, { bigint: true });
    // The last change is so recent that the next one could have the same time. So wait until it is old enough.
    if (isYoung(before.ctimeMs)) {
      await setTimeout(TICK_MS);
      before = fs.fstatSync(fd, { bigint: true });
    }
    // It was written just now. A write sets the times before it copies the bytes, so a write that is still under way would not show afterwards.
    if (isYoung(before.mtimeMs)) return { outcome: null, begun };
    // Only its name or its mode keeps changing, so its ctime says nothing about its bytes.
    const isRenamed = isYoung(before.ctimeMs);
    if (!before.isFile()) return { outcome: { status: 'changed', message: 'is no longer a regular file' }, begun };
    if (!isInPlace()) return { outcome: BEHIND_LINK, begun };
    if ((await isMeant?.(before)) === false) return { outcome: EXCHANGED, begun };
    // After this flush the first write to each page changes the times. They will differ from those of `before`, which are at least a tick old.
    if (isMapped?.(before) === true) await flushMeanwhile(fd);
    const entry = withStat(scanned, before, groupRights);
    const offset = target.begin(entry);
    begun = true;
    const keep = inspect !== undefined && entry.size <= INSPECT_LIMIT;
    const copied = await copyContent(fd, entry.size, target, keep, yieldIfDue);
    if (copied === null) return { outcome: null, begun };
    if (isRenamed && (await hashContent(fd, entry.size, yieldIfDue)) !== copied.sha256) return { outcome: null, begun };
    if (!sameState(before, fs.fstatSync(fd, { bigint: true }), isRenamed)) return { outcome: null, begun };
    if (!isInPlace()) return { outcome: BEHIND_LINK, begun };
    if (copied.content !== undefined) inspect?.(copied.content);
    target.end();
    return { outcome: { status: 'ok', entry, sha256: copied.sha256, offset }, begun };
  } catch (error) {
    if (!(error instanceof ReadFailure)) throw error;
    const code = errnoOf(error.cause) ?? String(error.cause);
    return { outcome: { status: 'unreadable', message: `cannot be read (${code})`, cause: error.cause }, begun };
  } finally {
    fs.closeSync(fd);
  }
}

function isYoung(timeMs: bigint): boolean {
  return Math.abs(Date.now() - Number(timeMs)) < TICK_MS;
}

/** @param isRenamed whether to ignore the ctime */
function sameState(before: fs.BigIntStats, after: fs.BigIntStats, isRenamed: boolean): boolean {
  const isSame = after.size === before.size && after.mtimeNs === before.mtimeNs;
  return isSame && (isRenamed || after.ctimeNs === before.ctimeNs);
}

interface Copied {
  readonly sha256: string;
  /** A copy of the content, if the caller wants one. */
  readonly content: Buffer | undefined;
}

/** Reads exactly `size` bytes straight into the target. Null if the file has fewer. */
async function copyContent(
  fd: number,
  size: number,
  target: MemberTarget,
  keep: boolean,
  yieldIfDue: ReadOptions['yieldIfDue'],
): Promise<Copied | null> {
  const room = target.reserve();
  if (size < room.length) {
    const bytes = room.subarray(0, size);
    if (readAt(fd, bytes, 0) !== size) return null;
    const content = keep ? Buffer.from(bytes) : undefined;
    const sha256 = oneShotHash('sha256', bytes, 'hex');
    target.commit(size);
    return { sha256, content };
  }
  const hash = createHash('sha256');
  const copies: Buffer[] = [];
  for (let done = 0; done < size;) {
    const part = target.reserve();
    const read = readAt(fd, part.subarray(0, Math.min(part.length, size - done)), done);
    if (read === 0) return null;
    const chunk = part.subarray(0, read);
    hash.update(chunk);
    if (keep) copies.push(Buffer.from(chunk));
    target.commit(read);
    done += read;
    if (target.needsDrain) await target.drain();
    await yieldIfDue?.();
  }
  return { sha256: hash.digest('hex'), content: keep ? Buffer.concat(copies) : undefined };
}

/** The hash of the first `size` bytes, or of fewer if the file has fewer. */
async function hashContent(fd: number, size: number, yieldIfDue: ReadOptions['yieldIfDue']): Promise<string> {
  const hash = createHash('sha256');
  const room = Buffer.allocUnsafeSlow(Math.min(Math.max(size, 1), 1 << 20));
  for (let done = 0; done < size;) {
    const read = readAt(fd, room.subarray(0, Math.min(room.length, size - done)), done);
    if (read === 0) break;
    hash.update(room.subarray(0, read));
    done += read;
    await yieldIfDue?.();
  }
  return hash.digest('hex');
}

/** Fills `into` from `position` on, as far as the file goes. Returns the number of bytes read. */
function readAt(fd: number, into: Buffer, position: number): number {
  let done = 0;
  try {
    while (done < into.length) {
      const read = fs.readSync(fd, into, done, into.length - done, position + done);
      if (read === 0) break;
      done += read;
    }
  } catch (cause) {
    throw new ReadFailure('the file cannot be read', { cause });
  }
  return done;
}

function withStat(scanned: ScannedEntry, stat: fs.BigIntStats, groupRights: number | undefined): ScannedEntry {
  return {
    ...scanned,
    size: Number(stat.size),
    mode: modeWithoutMask(Number(stat.mode & 0o777n), groupRights),
    mtimeNs: storedTime(stat.mtimeNs),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
  };
}

function refused(cause: unknown): ReadOutcome {
  const code = errnoOf(cause);
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return { status: 'vanished', message: 'vanished between being listed and being read', cause };
  if (code === 'ELOOP' || code === 'EMLINK') return { status: 'changed', message: 'was replaced by a link', cause };
  if (code === 'ENXIO') return { status: 'changed', message: 'was replaced by a special file', cause };
  return { status: 'unreadable', message: `cannot be read (${code ?? String(cause)})`, cause };
}

/**
 * Reads a small file whose last change was old enough when the scan saw it, with four system calls. True if a stat after the read shows the file as
 * the scan saw it. Then what was read is what was there all that time. False if anything is unusual, and then `room` has nothing of use.
 * @param room gets the content at `from`. It needs one byte more than the file had, so that a file which has grown is noticed
 */
export function readIfUnchanged(file: string, seen: FileState, room: Uint8Array, from: number): boolean {
  let fd: number;
  try {
    fd = fs.openSync(file, READ_FLAGS);
  } catch {
    return false;
  }
  try {
    return fs.readSync(fd, room, from, seen.size + 1, 0) === seen.size && isUnchanged(seen, fs.fstatSync(fd));
  } catch {
    return false;
  } finally {
    fs.closeSync(fd);
  }
}
