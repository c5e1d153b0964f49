import { lstatOrNull } from '../fs/durable.ts';
import type { Entry } from '../model/entry.ts';
import { assertRealParents, parentOf, toNative } from '../paths/paths.ts';

/** Finds the folders above wanted paths that do not exist. */
export class MissingParents {
  readonly #root: string;
  readonly #wanted: readonly Entry[];
  /** Live folders that were looked at and are real folders. */
  readonly #real = new Set<string>();
  #folders: ReadonlySet<string> | undefined;

  constructor(root: string, wanted: readonly Entry[]) {
    this.#root = root;
    this.#wanted = wanted;
  }

  /** The highest folder above `path` that does not exist, or that is a live file or link and a folder in the backup. */
  topmost(path: string): string | null {
    const parents: string[] = [];
    for (let parent = parentOf(path); parent !== '.' && !this.#real.has(parent); parent = parentOf(parent))
      parents.push(parent);
    for (const parent of parents.toReversed()) {
      const stat = lstatOrNull(toNative(this.#root, parent));
      if (stat === null) return parent;
      if (!stat.isDirectory()) {
        if (this.#hasFolder(parent)) return parent;
        assertRealParents(this.#root, path);
      }
      this.#real.add(parent);
    }
    return null;
  }

  /** Whether the backup itself has a folder there. */
  #hasFolder(path: string): boolean {
    this.#folders ??= new Set(this.#wanted.flatMap((entry) => (entry.type === 'dir' ? [entry.path] : [])));
    return this.#folders.has(path);
  }
}
