import fs from 'node:fs';
import { lstatOrNull } from '../fs/durable.ts';
import { errnoOf } from '../model/backup-error.ts';
import type { Entry } from '../model/entry.ts';
import { engineOf } from '../databases/engines.ts';
import type { ManifestDatabase } from '../model/database.ts';
import type { EngineName } from '../model/engine-name.ts';
import { isInside, parentOf, toNative } from '../paths/paths.ts';

/** Something that the backup has and the project does not have. */
export interface Gone {
  /** Project-relative: the topmost folder that is gone, a file, or a database. */
  readonly path: string;
  /** The number of files and links that the backup has in it. */
  readonly files: number;
  /** For a database that exists and is empty: how many records it had. */
  readonly records: number | null;
  /** For a file that exists and is empty: how many bytes it had. */
  readonly bytes: number | null;
  /** For a file that exists and is no longer a database: the engine that it had. */
  readonly noLonger: EngineName | null;
}

/** Finds the entries that no longer exist. Entries come folder by folder, so one listing serves all entries of a folder. */
export class Look {
  readonly #root: string;
  readonly #databases: readonly ManifestDatabase[];
  readonly #gone = new Map<string, number>();
  /** Files that exist and are empty, with the number of bytes that they had. */
  readonly #emptied = new Map<string, number>();
  /** How many files of each database came before its marker. Only the marker tells whether the database is gone. */
  readonly #before = new Map<string, number>();
  #folder = '';
  #names: ReadonlyMap<string, boolean> | null = null;

  constructor(root: string, databases: readonly ManifestDatabase[]) {
    this.#root = root;
    this.#databases = databases;
  }

  at({ path: place, type, size }: Entry): void {
    if (type === 'dir') return;
    const found = this.#databases.find((each) => isInside(place, each.path) || partIn(each, place) !== null);
    const database = found?.path;
    // The parts of a database come and go while it is used. Its marker exists as long as it is a database.
    if (found !== undefined && database !== undefined && partIn(found, place) !== engineOf(found.engine).marker) {
      if (this.#gone.has(database)) this.#add(database);
      else this.#before.set(database, (this.#before.get(database) ?? 0) + 1);
      return;
    }
    if (this.#isThere(place)) {
      const isFile = database === undefined || place === database;
      if (isFile && type === 'file' && size > 0 && this.#isEmpty(place)) this.#emptied.set(place, size);
      return;
    }
    this.#add(database ?? this.#topmost(place), 1 + (this.#before.get(database ?? '') ?? 0));
  }

  isGone(database: string): boolean {
    return this.#gone.has(database) || [...this.#gone.keys()].some((place) => isInside(database, place));
  }

  gone(): Gone[] {
    const topmost = new Map<string, number>();
    for (const [place, files] of this.#gone) {
      // If the folder around a database is gone too, only that folder is named.
      let top = place;
      for (let up = parentOf(place); up !== '.'; up = parentOf(up)) if (this.#gone.has(up)) top = up;
      topmost.set(top, (topmost.get(top) ?? 0) + files);
    }
    const nothing = { records: null, bytes: null, noLonger: null };
    const gone = [...topmost].map(([place, files]) => ({ ...nothing, path: place, files }));
    return [...gone, ...[...this.#emptied].map(([place, bytes]) => ({ ...nothing, path: place, files: 1, bytes }))];
  }

  #isEmpty(place: string): boolean {
    return isOr(false, () => {
      const stat = fs.lstatSync(toNative(this.#root, place), { throwIfNoEntry: false });
      return stat?.isFile() === true && stat.size === 0;
    });
  }

  #add(place: string, files = 1): void {
    this.#gone.set(place, (this.#gone.get(place) ?? 0) + files);
  }

  #isThere(place: string): boolean {
    const folder = parentOf(place);
    if (folder !== this.#folder) [this.#folder, this.#names] = [folder, namesIn(toNative(this.#root, folder))];
    // If a folder cannot be listed, nothing in it counts as gone. And a file system may list a name in another spelling, so a name that is not listed
    // is looked up by itself.
    const name = place.slice(folder === '.' ? 0 : folder.length + 1);
    if (this.#names === null) return true;
    return this.#names.get(name) ?? this.#stands(place);
  }

  #stands(place: string): boolean {
    return isOr(true, () => lstatOrNull(toNative(this.#root, place))?.isDirectory() === false);
  }

  #topmost(place: string): string {
    let top = place;
    for (let up = parentOf(top); up !== '.'; up = parentOf(up)) {
      if (isOr(true, () => lstatOrNull(toNative(this.#root, up)) !== null)) break;
      top = up;
    }
    return top;
  }
}

/** The answer, or `unknown` if the system refuses to answer. */
function isOr(unknown: boolean, ask: () => boolean): boolean {
  try {
    return ask();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return unknown;
  }
}

/** The names in a folder, and whether each is something other than a folder. Empty if the folder does not exist, null if it cannot be listed. */
function namesIn(folder: string): Map<string, boolean> | null {
  try {
    const entries = fs.readdirSync(folder, { withFileTypes: true });
    return new Map(entries.map((entry) => [entry.name, !entry.isDirectory()]));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return new Map();
    if (errnoOf(error) === undefined) throw error;
    return null;
  }
}

function partIn({ engine, path: at }: ManifestDatabase, place: string): string | null {
  return engineOf(engine).partOf(at, place);
}
