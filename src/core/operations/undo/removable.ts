import fs from 'node:fs';
import { lstatOrNull } from '../../fs/durable.ts';
import { toNative } from '../../paths/paths.ts';
import type { Entry } from '../../model/entry.ts';
import { isVolatileFile, recogniseDatabase } from '../../databases/leveldb/format/recognise.ts';
import { typeOf } from '../../transaction/unit.ts';
import { hashFile } from '../../fs/hash-file.ts';

export interface Removable {
  /** Paths that go again, the topmost ones: a folder goes with all that is in it. */
  readonly remove: string[];
  /** Paths that stay: somebody changed or added them since. */
  readonly keep: string[];
}

/**
 * Of the paths that were absent before a restore, those that still are just what the restore made there. Files and links must be
 * unchanged, folders hold nothing else, and a database goes whole or not at all.
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

  /** True if all of it goes. Else the parts that go and those that stay have been listed. */
  goes(path: string): boolean {
    const stat = lstatOrNull(toNative(this.#root, path));
    if (stat === null) return false;
    if (stat.isDirectory()) return this.#folderGoes(path);
    if (this.#isAsMade(path, stat)) return true;
    this.keep.push(path);
    return false;
  }

  #folderGoes(path: string): boolean {
    const dir = toNative(this.#root, path);
    const names = fs.readdirSync(dir);
    const isDatabase = recogniseDatabase(dir, names) !== null;
    const inside = new Search(this.#root, this.#made);
    const stays = names.filter((name) => {
      if (isDatabase && isVolatileFile(name)) return false;
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

  #isAsMade(path: string, stat: fs.BigIntStats): boolean {
    const entry = this.#made.get(path);
    if (entry === undefined || typeOf(stat) !== entry.type) return false;
    const native = toNative(this.#root, path);
    if (entry.type === 'symlink') return fs.readlinkSync(native) === entry.target;
    return Number(stat.size) === entry.size && hashFile(native) === entry.sha256;
  }
}
