import fs from 'node:fs';
import { lstatOrNull } from '../fs/durable.ts';
import { errnoOf } from '../model/backup-error.ts';
import type { Entry } from '../model/entry.ts';
import { engineOf } from '../databases/engines.ts';
import type { ManifestDatabase } from '../model/database.ts';
import type { EngineName } from '../model/engine-name.ts';
import { isInside, parentOf, toNative } from '../paths/paths.ts';

/** Something that the backup has and the project has not. */
export interface Gone {
  /** Project-relative: the topmost folder that is gone, a file, or a database. */
  readonly path: string;
  /** Files and links of the backup in it. */
  readonly files: number;
  /** A database that is there and empty: the records that it had. */
  readonly records: number | null;
  /** A file that is there and empty: the bytes that it had. */
  readonly bytes: number | null;
  /** A file that is there and is no database of this engine any more. */
  readonly noLonger: EngineName | null;
}

/** Which entries are not there any more. They come folder by folder, so one listing serves for all of a folder. */
export class Look {
  readonly #root: string;
  readonly #databases: readonly ManifestDatabase[];
  readonly #gone = new Map<string, number>();
  /** Files that are there and empty, with the bytes that they had. */
  readonly #emptied = new Map<string, number>();
  /** Files of each database that came before its CURRENT: only that tells whether it is gone. */
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
    // The parts of a database come and go by themselves; its marker is there as long as it is one.
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
      // A database goes with the folder that it lies in.
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
    // A folder that cannot be listed says nothing; a name may be spelled otherwise than the file system lists it.
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

/** What is so, or `unknown` where the system does not let itself be asked. */
function isOr(unknown: boolean, ask: () => boolean): boolean {
  try {
    return ask();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return unknown;
  }
}

/** Names in a folder, and whether each is something other than a folder; empty where it is not there, null where it cannot be listed. */
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
