import fs from 'node:fs';
import path from 'node:path';
import { lstatOrNull } from '../fs/durable.ts';
import { escapeBytes } from '../paths/names.ts';
import { joined, toNative } from '../paths/paths.ts';
import { errnoOf } from '../model/backup-error.ts';
import type { FolderAtOnce, FolderLooks } from './folder-looks.ts';
import { listNames } from './folder-names.ts';
import { PROBLEM } from './scan-messages.ts';
import { type ScanNotes, withErrno } from './scan-notes.ts';

/** errno values of a name that was listed and is gone by now, or whose folder is. */
const GONE: readonly (string | undefined)[] = ['ENOENT', 'ENOTDIR', 'EINVAL'];

const NOWHERE = { folder: undefined, name: '' };

/** The system calls of a walk. If the system refuses one, that becomes a problem. */
export class WalkLook {
  readonly #notes: ScanNotes;
  readonly #folders: FolderLooks | undefined;
  readonly #root: string;

  constructor(root: string, notes: ScanNotes, folders: FolderLooks | undefined) {
    this.#root = root;
    this.#notes = notes;
    this.#folders = folders;
  }

  /** Records the folders above a source's path, as far as they exist: it depends on them whether the source exists. */
  above(top: string): void {
    if (this.#folders === undefined) return;
    const parts = top === '.' ? [] : top.split('/').slice(0, -1);
    for (let above = '.'; ; above = joined(above, parts.shift() ?? '')) {
      const stat = lstatOrNull(toNative(this.#root, above));
      if (!stat?.isDirectory()) return;
      this.#folders.note(above, stat, 'folder', []);
      if (parts.length === 0) return;
    }
  }

  /** A name that was listed is gone. That is a problem only for a backup, which records folders. */
  vanished(relative: string): void {
    if (this.#folders !== undefined) this.#notes.problem(PROBLEM.vanished, relative);
  }

  stat(native: string, relative: string): fs.BigIntStats | null {
    const { folder, name } = this.#beside(relative);
    if (folder !== undefined) return folder.stats.get(name) ?? null;
    try {
      return lstatOrNull(native);
    } catch (cause) {
      this.#notes.problem(withErrno(PROBLEM.unreadable, cause), relative, cause);
      return null;
    }
  }

  /**
   * The names in a folder in byte order. Names that are not UTF-8 are problems. Null if the folder cannot be listed.
   * @param owns whether a path would be stored
   */
  names(native: string, relative: string, owns: (path: string) => boolean): readonly string[] | null {
    try {
      const { names, undecodable } = this.#folders?.atOnce(relative) ?? listNames(native);
      for (const bytes of undecodable) {
        // The patterns get the name with replacement characters, which is close enough to tell whether it would have been stored.
        if (owns(joined(relative, bytes.toString('utf8'))))
          this.#notes.problem(PROBLEM.nameBytes, joined(relative, escapeBytes(bytes)));
      }
      return names;
    } catch (cause) {
      const gone = GONE.includes(errnoOf(cause));
      this.#notes.problem(gone ? PROBLEM.vanished : withErrno(PROBLEM.unlistable, cause), relative, cause);
      return null;
    }
  }

  /** Notes that a folder was listed. */
  listed(relative: string, stat: fs.BigIntStats, isDatabase: boolean, names: readonly string[]): void {
    this.#folders?.note(relative, stat, isDatabase ? 'database' : 'folder', names);
  }

  /** Notes that a database file was found in a folder that was listed. */
  holdsDatabase(folder: string, names: readonly string[]): void {
    this.#folders?.holdsDatabase(folder, names);
  }

  /** The target of a link. */
  target(native: string, relative: string): Buffer | null {
    const { folder, name } = this.#beside(relative);
    try {
      return folder?.targets.get(name) ?? fs.readlinkSync(native, { encoding: 'buffer' });
    } catch (cause) {
      this.#notes.problem(PROBLEM.unlinked, relative, cause);
      return null;
    }
  }

  /** Whether a path is in a folder that keeps changing, so that what was seen of it may not be so later. */
  isRestless(relative: string): boolean {
    return this.#beside(relative).folder !== undefined;
  }

  /** The folder that contains a path, if it was listed at once before the walk. */
  #beside(relative: string): { folder: FolderAtOnce | undefined; name: string } {
    if (this.#folders?.hasAny !== true) return NOWHERE;
    return { folder: this.#folders.atOnce(path.posix.dirname(relative)), name: path.posix.basename(relative) };
  }
}
