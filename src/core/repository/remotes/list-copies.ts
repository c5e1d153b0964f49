import { createHash } from 'node:crypto';
import path from 'node:path';
import { atOnce } from '../../concurrency/at-once.ts';
import { writeFileSynced } from '../../fs/durable.ts';
import { readRegular } from '../../fs/regular-file.ts';
import { BackupError } from '../../model/backup-error.ts';
import { escapeName } from '../../paths/names.ts';
import { MAX_COMMIT_BYTES, parseCommit, type Commit } from './commit.ts';
import { COMMITS_PREFIX, commitsPrefix, dataPrefix, parseCommitKey } from './layout.ts';
import { machineFolder } from './machine-folder.ts';
import { readAll, type Lock, type Remote, type Version } from './remote.ts';
import { rememberSeen } from './seen-copies.ts';

/** A copy of a backup in a remote: its commit is there and can be believed. Whether its objects are, only `verify` says. */
export interface Copy extends Commit {
  readonly id: string;
  readonly tag: string;
  /** Where its objects are, for people and JSON. */
  readonly place: string;
  /** When its commit was written, by the clock of the remote. */
  readonly pushedAt: Date;
  /** Of its commit, the oldest one. */
  readonly versionId: string | null;
}

/** The lock that the commit of a copy states. It may have been made longer since. */
export function lockOf({ statement: { lock } }: Copy): Lock | null {
  return lock === null ? null : { mode: lock.mode, until: new Date(lock.until) };
}

/** A commit that cannot be believed: it makes no copy. */
export interface BadCommit {
  readonly id: string;
  readonly tag: string;
  readonly place: string;
  /** The rest of a sentence about it. */
  readonly problem: string;
}

export interface Copies {
  /** Newest backup first; copies of one backup in the order in which they were pushed. */
  readonly copies: readonly Copy[];
  readonly bad: readonly BadCommit[];
}

const AT_ONCE = 32;
/** What may be wrong with one commit and with no other. */
const OF_ONE_COMMIT: ReadonlySet<string> = new Set(['REMOTE_DENIED', 'BACKUP_DAMAGED', 'UNSAFE_TARGET']);
/** So that a listing that never ends does not fill the memory. */
const MAX_COMMITS = 200_000;
/** Of all commits, which are held at once. Each has some 6 KiB. */
const MAX_BYTES = 512 << 20;
const MAX_CACHE_BYTES = 256 << 20;

/**
 * All copies in a remote, or those of one backup. A commit counts by its oldest version, so a later one and a delete marker change nothing. Commits are
 * read once: an S3 version never changes, so this machine remembers what it read. It also remembers which copies it saw, and when.
 */
export async function listCopies(remote: Remote, id?: string): Promise<Copies> {
  const asked = new Date();
  const oldest = new Map<string, Version>();
  let bytes = 0;
  for await (const version of remote.versions(id === undefined ? COMMITS_PREFIX : commitsPrefix(id))) {
    // Within a key the newest comes first, so the last one that is seen is the oldest.
    if (version.isMarker || parseCommitKey(version.key) === null) continue;
    bytes += version.size - (oldest.get(version.key)?.size ?? 0);
    oldest.set(version.key, version);
    if (oldest.size > MAX_COMMITS || bytes > MAX_BYTES) throw tooMuch(remote.place);
  }
  const cache = CommitCache.open(remote);
  const copies: Copy[] = [];
  const bad: BadCommit[] = [];
  const denied: BackupError[] = [];
  let isDone = false;
  try {
    await atOnce(AT_ONCE, oldest.values(), async (version) => {
      const read = await readCommit(remote, version, cache).catch((error: unknown) => {
        if (!(error instanceof BackupError) || !OF_ONE_COMMIT.has(error.code)) throw error;
        denied.push(error);
        return { ...aboutCommit(remote, version), problem: `cannot be read: ${error.message}` };
      });
      if ('problem' in read) bad.push(read);
      else copies.push(read);
    });
    // Where none can be read, the right to it is missing.
    if (denied[0] !== undefined && denied.length === oldest.size) throw denied[0];
    isDone = true;
  } finally {
    cache.write(isDone && id === undefined);
  }
  rememberSeen(remote.key, copies, asked, id);
  const time = ({ statement }: Copy): number => Date.parse(statement.createdAt);
  return {
    copies: copies.toSorted(
      (a, b) =>
        time(b) - time(a) ||
        (a.id < b.id ? 1 : a.id > b.id ? -1 : a.pushedAt.getTime() - b.pushedAt.getTime() || (a.tag < b.tag ? -1 : 1)),
    ),
    bad: bad.toSorted((a, b) => (a.place < b.place ? -1 : 1)),
  };
}

async function readCommit(remote: Remote, version: Version, cache: CommitCache): Promise<Copy | BadCommit> {
  const about = aboutCommit(remote, version);
  if (version.size > MAX_COMMIT_BYTES) return { ...about, problem: `is larger than ${MAX_COMMIT_BYTES} bytes` };
  const known = cache.get(version);
  const bytes = known ?? (await readAll(remote, version));
  const commit = parseCommit(bytes, about);
  if (typeof commit === 'string') return { ...about, problem: commit };
  if (remote.kind === 'folder' && commit.statement.lock !== null)
    return { ...about, problem: 'states a lock, and a folder keeps none' };
  if (known === undefined) cache.add(version, bytes);
  return { ...about, pushedAt: version.modifiedAt, versionId: version.versionId, ...commit };
}

function aboutCommit({ place }: Remote, { key }: Version): { id: string; tag: string; place: string } {
  const { id, tag } = parseCommitKey(key) ?? { id: '', tag: '' };
  return { id, tag, place: `${place}/${dataPrefix(id, tag)}`.replace(/\/$/, '') };
}

/** The texts of commits that were read before, in a file of this user, one line each. Only for S3, where a version and an ETag name the bytes. */
class CommitCache {
  readonly #file: string | null;
  readonly #known = new Map<string, string>();
  readonly #used = new Map<string, string>();
  #isNew = false;

  private constructor(file: string | null) {
    this.#file = file;
  }

  static open(remote: Remote): CommitCache {
    const base = remote.kind === 's3' ? machineFolder('cache') : null;
    if (base === null) return new CommitCache(null);
    const name = createHash('sha256').update(remote.key).digest('hex').slice(0, 32);
    const cache = new CommitCache(path.join(base, `commits-${name}.ndjson`));
    cache.#read();
    return cache;
  }

  #read(): void {
    try {
      const text = readRegular(this.#file ?? '', MAX_CACHE_BYTES).toString('utf8');
      for (const line of text.split('\n')) {
        const [of, commit]: unknown[] = line === '' ? [] : JSON.parse(line);
        if (typeof of === 'string' && typeof commit === 'string') this.#known.set(of, commit);
      }
    } catch {
      // What cannot be read is asked for again.
    }
  }

  get(version: Version): Buffer | undefined {
    const name = nameOf(version);
    const text = version.etag === null ? undefined : this.#known.get(name);
    if (text === undefined) return undefined;
    this.#used.set(name, text);
    return Buffer.from(text);
  }

  add(version: Version, bytes: Buffer): void {
    if (version.etag === null) return;
    this.#used.set(nameOf(version), bytes.toString('utf8'));
    this.#isNew = true;
  }

  /** @param whole all commits were asked for, so others are not there any more */
  write(whole: boolean): void {
    const kept = whole ? this.#used : new Map([...this.#known, ...this.#used]);
    if (this.#file === null || (!this.#isNew && kept.size === this.#known.size)) return;
    const text = [...kept].map((line) => `${JSON.stringify(line)}\n`).join('');
    if (text.length > MAX_CACHE_BYTES) return;
    try {
      writeFileSynced(this.#file, text);
    } catch {
      // Without it the next listing reads them again.
    }
  }
}

const nameOf = ({ key, versionId, etag }: Version): string => `${key} ${versionId} ${etag}`;

function tooMuch(place: string): BackupError {
  const most = `${MAX_COMMITS} commits or ${MAX_BYTES >> 20} MiB of them`;
  return new BackupError('REMOTE_FAILED', `${escapeName(place)} lists more than ${most}`, {
    hint: 'Give an ID to look at one backup, and find out who writes there.',
    path: place,
  });
}
