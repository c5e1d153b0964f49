import fs from 'node:fs';
import path from 'node:path';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import { removeTree } from '../fs/durable.ts';
import { escapeName } from './names.ts';
import { pathProblem } from './paths.ts';
import { foldingNames, mayBeChanged } from './portable-names.ts';

/** The errors with which a file system says that it cannot hold a name. All others are ordinary errors. */
const CANNOT_HOLD = new Set(['EINVAL', 'ENOENT', 'EILSEQ', 'EACCES', 'EPERM', 'ENAMETOOLONG', 'EEXIST', 'EISDIR']);

/**
 * Tries names on a file system before anything depends on them. It makes them in a scratch folder and lists that: each name must come back unchanged.
 * Only names that some file system changes are tried, each once.
 */
export class NameProbe {
  readonly #folder: string;
  readonly #known = new Set<string>();
  #made = 0;

  /** @param folder a path on that file system where nothing exists; the folder is made only if there is a name to try */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Throws UNSAFE_TARGET if the file system cannot hold a part of this path. */
  check(relative: string): void {
    // Such a path is refused everywhere. The check of the index reports it, so it is not tried here.
    if (pathProblem(relative) !== null) return;
    for (const part of relative.split('/')) {
      if (this.#known.has(part) || !mayBeChanged(part)) continue;
      this.#known.add(part);
      if (!this.#holds([part]))
        throw cannotHold(relative, `the file system of the target cannot hold the name ${escapeName(part)}`);
    }
  }

  /** The same for all paths. Also throws if the file system treats two names in one folder as the same. Folders that are not entries count too. */
  checkAll(relatives: Iterable<string>): void {
    const folders = new Map<string, Set<string>>();
    for (const relative of relatives) {
      this.check(relative);
      for (let at = relative.length; at > 0; at = relative.lastIndexOf('/', at - 1)) {
        const slash = relative.lastIndexOf('/', at - 1);
        const folder = relative.slice(0, Math.max(slash, 0));
        const names = folders.get(folder) ?? new Set<string>();
        const size = names.size;
        folders.set(folder, names.add(relative.slice(slash + 1, at)));
        // For a folder that was seen before, its parents were seen too.
        if (names.size === size) break;
      }
    }
    for (const [folder, names] of folders) {
      for (const group of foldingNames(names)) {
        const shown = group.map(escapeName).join(' and ');
        if (!this.#holds(group))
          throw cannotHold(
            path.posix.join(folder, group[0] ?? ''),
            `the file system of the target treats ${shown} as one name`,
          );
      }
    }
  }

  /** Removes the scratch folder. */
  dispose(): void {
    removeTree(this.#folder);
  }

  #holds(names: readonly string[]): boolean {
    const place = path.join(this.#folder, String(this.#made++));
    fs.mkdirSync(place, { recursive: true, mode: 0o700 });
    try {
      for (const name of names) fs.closeSync(fs.openSync(path.join(place, name), 'wx', 0o600));
    } catch (error) {
      if (CANNOT_HOLD.has(errnoOf(error) ?? '')) return false;
      throw error;
    }
    const found = new Set(fs.readdirSync(place));
    return found.size === names.length && names.every((name) => found.has(name));
  }
}

function cannotHold(relative: string, message: string): BackupError {
  return new BackupError('UNSAFE_TARGET', `${escapeName(relative)}: ${message}`, {
    hint: 'Nothing was changed. Restore on another file system (--to DIR), or the rest of it with --only.',
    path: relative,
  });
}
