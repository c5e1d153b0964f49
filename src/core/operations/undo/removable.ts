import fs from 'node:fs';
import { lstatOrNull } from '../../fs/durable.ts';
import { toNative } from '../../paths/paths.ts';
import type { Entry } from '../../model/entry.ts';
import { fileDatabaseOf, isVolatilePath, recogniseFile, recogniseFolder } from '../../databases/engines.ts';
import { hasContentOf } from '../../transaction/same-as-live.ts';

export interface Removable {
  /** Paths to remove, the topmost ones: a folder is removed with all that is in it. */
  readonly remove: string[];
  /** Paths that stay: somebody changed or added them since. */
  readonly keep: string[];
}

/**
 * Finds those paths that were absent before a restore and still are exactly what the restore made there. Files and links must be
 * unchanged, folders must hold nothing else, and a database is removed whole or not at all.
 * @param made what the restore put there, by path
 */
export function removable(root: string, absent: readonly string[], made: ReadonlyMap<string, Entry>): Removable {
  const search = new Search(root, made);
  for (const path of absent) if (search.goes(path)) search.remove.push(path);
  return search;
}

class Search implements Removable {
  readonly remove: string[] = [];
  readonly keep: string[] = [];
  readonly #root: string;
  readonly #made: ReadonlyMap<string, Entry>;

  constructor(root: string, made: ReadonlyMap<string, Entry>) {
    this.#root = root;
    this.#made = made;
  }

  /** True if all of it can be removed. Otherwise what to remove of it and what stays has been listed. */
  goes(path: string): boolean {
    const stat = lstatOrNull(toNative(this.#root, path));
    if (stat === null) return false;
    if (stat.isDirectory()) return this.#folderGoes(path);
    // A part of a database is removed with its file, or stays with it.
    const beside = fileDatabaseOf(toNative(this.#root, path));
    if (beside !== null) return this.#fileGoes(path.slice(0, path.length - beside.part.length));
    if (this.#fileGoes(path)) return true;
    this.keep.push(path);
    return false;
  }

  #folderGoes(path: string): boolean {
    const dir = toNative(this.#root, path);
    const names = fs.readdirSync(dir);
    const isDatabase = recogniseFolder(dir, names) !== null;
    const inside = new Search(this.#root, this.#made);
    const stays = names.filter((name) => {
      if (isDatabase && isVolatilePath(name)) return false;
      const child = `${path}/${name}`;
      if (!inside.goes(child)) return true;
      inside.remove.push(child);
      return false;
    });
    if (stays.length === 0) return true;
    if (isDatabase) {
      this.keep.push(path);
      return false;
    }
    this.remove.push(...inside.remove);
    this.keep.push(...inside.keep);
    return false;
  }

  #fileGoes(path: string): boolean {
    const stat = lstatOrNull(toNative(this.#root, path));
    return stat !== null && this.#isAsMade(path, stat) && this.#partsAreAsMade(path, stat);
  }

  /** If a database was used since, it has a journal that the restore did not make, or one that differs from it. */
  #partsAreAsMade(path: string, stat: fs.BigIntStats): boolean {
    const engine = stat.isFile() ? recogniseFile(toNative(this.#root, path), Number(stat.size)) : null;
    if (engine === null) return true;
    return (engine.parts ?? []).every((part) => {
      const at = engine.pathOf(path, part);
      const beside = part === '' || engine.isVolatile(part) ? null : lstatOrNull(toNative(this.#root, at));
      return beside === null || beside.size === 0n || this.#isAsMade(at, beside);
    });
  }

  #isAsMade(path: string, stat: fs.BigIntStats): boolean {
    const entry = this.#made.get(path);
    // For a folder this is always false: it depends on what is in it.
    return entry !== undefined && entry.type !== 'dir' && hasContentOf(entry, toNative(this.#root, path), stat);
  }
}
