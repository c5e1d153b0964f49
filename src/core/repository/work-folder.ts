import fs from 'node:fs';
import path from 'node:path';
import { fsyncDir, fsyncDirMeanwhile, lstatOrNull, mkdirDurable, removeTree, renameDurable } from '../fs/durable.ts';
import { giveFolderToOwner } from '../fs/folder-owner.ts';
import { removeLeftOver, type LeftOver } from '../fs/left-over.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import { DEAD_PREFIX, PARTIAL_PREFIX, PROBE_PREFIX, SIGNATURE_SUFFIX } from '../format/layout.ts';

/** errno values of a place where no folder can be made. On a read-only file system Node's mkdir fails with ENOENT. */
const UNWRITABLE = new Set(['EACCES', 'ENOENT', 'ENOTDIR', 'EPERM', 'EROFS']);

/** Makes the repository if it does not exist (0700: configs may hold secrets). Throws REPOSITORY_UNWRITABLE if it is not a folder or cannot be made. */
export function ensureRepository(repository: string): void {
  if (lstatOrNull(repository) !== null && fs.statSync(repository, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new BackupError('REPOSITORY_UNWRITABLE', `the backups folder is not a folder: ${repository}`, {
      hint: 'Move that file away or choose another folder with --backups DIR.',
      path: repository,
    });
  }
  try {
    mkdirDurable(repository, 0o700);
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === undefined || !UNWRITABLE.has(code)) throw cause;
    throw new BackupError('REPOSITORY_UNWRITABLE', `the backups folder cannot be made: ${repository} (${code})`, {
      hint: 'Check that its parent is a folder that this user may write to, or choose another place with --backups DIR.',
      path: repository,
      cause,
    });
  }
}

/** A backup in the making: `.partial-<id>`, which becomes `<id>` by one rename or never existed. */
export class WorkFolder {
  readonly id: string;
  readonly folder: string;
  readonly #repository: string;

  private constructor(repository: string, id: string) {
    this.id = id;
    this.#repository = repository;
    this.folder = path.join(repository, PARTIAL_PREFIX + id);
  }

  /** Makes the work folder (0700) with its `checksums/`. The caller holds the repository's lock. */
  static begin(repository: string, id: string): WorkFolder {
    const work = new WorkFolder(repository, id);
    const checksums = path.join(work.folder, 'checksums');
    fs.mkdirSync(work.folder, { mode: 0o700 });
    try {
      giveFolderToOwner(work.folder);
      fs.mkdirSync(checksums, { mode: 0o700 });
      giveFolderToOwner(checksums);
    } catch (error) {
      work.abandon();
      throw error;
    }
    return work;
  }

  /**
   * Makes every name in the folder durable, then gives the folder its final name, durably. It never replaces anything. Returns the final folder. On
   * an error the folder has its old name again.
   * @param contents resolves once each file is durable. Whoever wrote a file syncs it, because only the descriptor that wrote it learns of an error
   */
  async commit(contents: Promise<void>): Promise<string> {
    const final = path.join(this.#repository, this.id);
    // All syncs run at once, so that the disk writes its journal once for all. Each is waited for even if one fails, because the folder is removed
    // then.
    const folders = [path.join(this.folder, 'checksums'), this.folder];
    const synced = await Promise.allSettled([contents, ...folders.map(fsyncDirMeanwhile)]);
    for (const one of synced) if (one.status === 'rejected') throw one.reason;
    if (lstatOrNull(final) !== null) {
      throw new BackupError('IO', `${final} already exists`, { hint: 'Run the command again.', path: final });
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

/** Names in the repository that are not backups: work folders and probes of a create, and backups that were being removed. */
export function staleNames(repository: string): string[] {
  return fs.readdirSync(repository).filter((name) => STALE.some((prefix) => name.startsWith(prefix)));
}

/**
 * Removes a committed backup. After one rename it is no longer a backup; then its files are removed. If the run is killed in between, the next run
 * removes the rest. The caller holds the repository's lock.
 * @param onGone called between the two: until it returns, the dead name still tells which backup was being removed
 */
export function removeBackup(repository: string, id: string, onGone: () => void): void {
  const dead = path.join(repository, DEAD_PREFIX + id);
  fs.renameSync(path.join(repository, id), dead);
  fsyncDir(repository);
  onGone();
  // Not synced: what a power cut brings back has a dead name, and the next run removes it.
  removeSignature(repository, id);
  removeTree(dead);
}

function removeSignature(repository: string, id: string): void {
  fs.rmSync(path.join(repository, id + SIGNATURE_SUFFIX), { force: true });
}

/** The backups whose removal was interrupted. */
export function deadBackups(repository: string): string[] {
  return staleNames(repository).flatMap((name) =>
    name.startsWith(DEAD_PREFIX) ? [name.slice(DEAD_PREFIX.length)] : [],
  );
}

/**
 * Removes what killed runs left behind. The caller holds the repository's lock, so every work folder there is dead. Should a power cut bring some of it
 * back, the next run removes it again. What this user may not remove is added to `left`.
 */
export function cleanStale(repository: string, left: LeftOver[] = []): string[] {
  for (const id of deadBackups(repository)) removeSignature(repository, id);
  return staleNames(repository).filter((name) => removeLeftOver(path.join(repository, name), left));
}
