import { createHash, hash as oneShotHash } from 'node:crypto';
import fs from 'node:fs';
import { errnoOf } from '../model/backup-error.ts';
import type { ScannedEntry } from '../model/entry.ts';

/** Where a file's bytes go; an ArchiveWriter is one. */
export interface MemberTarget {
  begin(entry: ScannedEntry): number;
  room(): Buffer;
  advance(bytes: number): void;
  end(): void;
  rollback(): Promise<void>;
  readonly pressed: boolean;
  drain(): Promise<void>;
}

export type ReadOutcome =
  | { readonly status: 'ok'; readonly entry: ScannedEntry; readonly sha256: string; readonly offset: number }
  | { readonly status: 'changed' | 'vanished' | 'unreadable'; readonly message: string; readonly cause?: unknown };

/** How often a file that changes under our hands is read before we say so. */
const ATTEMPTS = 3;
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
/** A fifo that takes the file's place must not make open wait; a link must not be followed. */
const FLAGS = O_RDONLY | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0);

interface Attempt {
  readonly outcome: ReadOutcome | null;
  readonly begun: boolean;
}

/**
 * Reads one regular file into `target` and hashes it on the way, once over its bytes. It is stored as it was at one moment: if size, mtime or
 * ctime differ after reading, the member is rolled back and read again, three times in all. `inspect` gets the content of files up to
 * `inspectLimit` bytes.
 */
export async function readFileInto(
  file: string,
  scanned: ScannedEntry,
  target: MemberTarget,
  inspect?: (content: Buffer) => void,
): Promise<ReadOutcome> {
  for (let attempt = 1; ; attempt++) {
    const { outcome, begun } = await readOnce(file, scanned, target, inspect);
    if (outcome !== null && outcome.status !== 'changed') return outcome;
    if (begun) await target.rollback();
    if (attempt === ATTEMPTS) return outcome ?? { status: 'changed', message: `changed while it was being read, ${ATTEMPTS} times` };
  }
}

async function readOnce(file: string, scanned: ScannedEntry, target: MemberTarget, inspect?: (content: Buffer) => void): Promise<Attempt> {
  let fd: number;
  try {
    fd = fs.openSync(file, FLAGS);
  } catch (cause) {
    return { outcome: refused(cause), begun: false };
  }
  try {
    const before = fs.fstatSync(fd, { bigint: true });
    if (!before.isFile()) return { outcome: { status: 'changed', message: 'is no longer a regular file' }, begun: false };
    const entry = withStat(scanned, before);
    const offset = target.begin(entry);
    const sha256 = await copyContent(fd, entry.size, target, inspect);
    if (sha256 === null) return { outcome: null, begun: true };
    const after = fs.fstatSync(fd, { bigint: true });
    if (after.size !== before.size || after.mtimeNs !== before.mtimeNs || after.ctimeNs !== before.ctimeNs) return { outcome: null, begun: true };
    target.end();
    return { outcome: { status: 'ok', entry, sha256, offset }, begun: true };
  } catch (cause) {
    if (errnoOf(cause) === 'EIO' || errnoOf(cause) === 'EISDIR') return { outcome: { status: 'changed', message: `cannot be read (${errnoOf(cause)})`, cause }, begun: true };
    throw cause;
  } finally {
    fs.closeSync(fd);
  }
}

/** Reads exactly `size` bytes straight into the target; null if the file gave fewer. */
async function copyContent(fd: number, size: number, target: MemberTarget, inspect?: (content: Buffer) => void): Promise<string | null> {
  const room = target.room();
  if (size < room.length) {
    const content = room.subarray(0, size);
    if (size > 0 && fs.readSync(fd, content, 0, size, 0) !== size) return null;
    const sha256 = oneShotHash('sha256', content, 'hex');
    inspect?.(content);
    target.advance(size);
    return sha256;
  }
  const hash = createHash('sha256');
  const copies: Buffer[] = [];
  for (let done = 0; done < size; ) {
    const part = target.room();
    const read = fs.readSync(fd, part, 0, Math.min(part.length, size - done), done);
    if (read === 0) return null;
    const chunk = part.subarray(0, read);
    hash.update(chunk);
    if (inspect !== undefined) copies.push(Buffer.from(chunk));
    target.advance(read);
    done += read;
    if (target.pressed) await target.drain();
  }
  inspect?.(Buffer.concat(copies));
  return hash.digest('hex');
}

function withStat(scanned: ScannedEntry, stat: fs.BigIntStats): ScannedEntry {
  return {
    ...scanned,
    size: Number(stat.size),
    mode: Number(stat.mode & 0o777n),
    mtimeNs: stat.mtimeNs,
    uid: Number(stat.uid),
    gid: Number(stat.gid),
  };
}

function refused(cause: unknown): ReadOutcome {
  const code = errnoOf(cause);
  if (code === 'ENOENT' || code === 'ENOTDIR') return { status: 'vanished', message: 'vanished between being listed and being read', cause };
  if (code === 'ELOOP' || code === 'EMLINK') return { status: 'changed', message: 'was replaced by a link', cause };
  if (code === 'ENXIO') return { status: 'changed', message: 'was replaced by a special file', cause };
  return { status: 'unreadable', message: `cannot be read (${code ?? String(cause)})`, cause };
}
