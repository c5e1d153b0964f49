import fs from 'node:fs';
import path from 'node:path';
import { fsyncDir, fsyncDirMeanwhile, lstatOrNull, mkdirDurable, removeTree, renameDurable } from '../fs/durable.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import { DEAD_PREFIX, PARTIAL_PREFIX, PROBE_PREFIX } from '../format/layout.ts';

/** A place that does not allow it; a file system that may only be read answers Node's mkdir with ENOENT. */
const UNWRITABLE = new Set(['EACCES', 'ENOENT', 'ENOTDIR', 'EPERM', 'EROFS']);

/** Makes the store if it is not there (0700: configs may hold secrets); throws STORE_UNWRITABLE if it is no folder or cannot be made. */
export function ensureStore(store: string): void {
  if (lstatOrNull(store) !== null && fs.statSync(store, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new BackupError('STORE_UNWRITABLE', `the backups folder is not a folder: ${store}`, {
      hint: 'Move that file away or choose another folder with --backups DIR.',
      path: store,
    });
  }
  try {
    mkdirDurable(store, 0o700);
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === undefined || !UNWRITABLE.has(code)) throw cause;
    throw new BackupError('STORE_UNWRITABLE', `the backups folder cannot be made: ${store} (${code})`, {
      hint: 'See that its parent is a folder that may be written, or choose another place with --backups DIR.',
      path: store,
      cause,
    });
  }
}

/** A backup in the making: `.partial-<id>`, which becomes `<id>` by one rename or never existed. */
export class WorkFolder {
  readonly id: string;
  readonly folder: string;
  readonly #store: string;

  private constructor(store: string, id: string) {
    this.id = id;
    this.#store = store;
    this.folder = path.join(store, PARTIAL_PREFIX + id);
  }

  /** Makes the work folder (0700) with its `checksums/`. The caller holds the store's lock. */
  static begin(store: string, id: string): WorkFolder {
    const work = new WorkFolder(store, id);
    fs.mkdirSync(work.folder, { mode: 0o700 });
    try {
      fs.mkdirSync(path.join(work.folder, 'checksums'), { mode: 0o700 });
    } catch (error) {
      work.abandon();
      throw error;
    }
    return work;
  }

  /**
   * Makes every name durable, then gives the folder its name, durably; never replaces anything. Returns the final folder. Where that fails it has its
   * old name again.
   * @param contents resolves once each file is durable, by who wrote it: only its own descriptor hears of an error
   */
  async commit(contents: Promise<void>): Promise<string> {
    const final = path.join(this.#store, this.id);
    // All at once: the disk has one journal to write for them. And to the end of each, since on an error the folder is removed.
    const folders = [path.join(this.folder, 'checksums'), this.folder];
    const synced = await Promise.allSettled([contents, ...folders.map(fsyncDirMeanwhile)]);
    for (const one of synced) if (one.status === 'rejected') throw one.reason;
    if (lstatOrNull(final) !== null) {
      throw new BackupError('IO', `${final} exists already`, { hint: 'Run the command again.', path: final });
    }
    renameDurable(this.folder, final);
    return final;
  }

  /** Removes the work folder and all that is in it. */
  abandon(): void {
    removeTree(this.folder);
  }
}

const STALE = [PARTIAL_PREFIX, DEAD_PREFIX, PROBE_PREFIX];

/** Names in the store that are no backups: work folders and probes of a create, and backups that were being removed. */
export function staleNames(store: string): string[] {
  return fs.readdirSync(store).filter((name) => STALE.some((prefix) => name.startsWith(prefix)));
}

/**
 * Removes a committed backup: one rename makes it no backup at all, then its files go. Killed in between, the rest is stale and cleaned by
 * the next run. The caller holds the store's lock.
 * @param onGone called between the two: until it has returned, the dead name is there to tell
 */
export function removeBackup(store: string, id: string, onGone: () => void): void {
  const dead = path.join(store, DEAD_PREFIX + id);
  fs.renameSync(path.join(store, id), dead);
  fsyncDir(store);
  onGone();
  // Not synced: what a power cut brings back has a dead name, and goes with the next run.
  removeTree(dead);
}

/** The backups whose removal was interrupted. */
export function deadBackups(store: string): string[] {
  return staleNames(store).flatMap((name) => (name.startsWith(DEAD_PREFIX) ? [name.slice(DEAD_PREFIX.length)] : []));
}

/**
 * Removes what killed runs left behind. The caller holds the store's lock, so every work folder there is dead. Should a power cut bring some of it
 * back, the next run removes it again.
 */
export function cleanStale(store: string): string[] {
  const stale = staleNames(store);
  for (const name of stale) removeTree(path.join(store, name));
  return stale;
}
