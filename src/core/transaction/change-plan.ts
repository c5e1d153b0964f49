import type fs from 'node:fs';
import { lstatOrNull } from '../fs/durable.ts';
import { isOverlay } from '../fs/mounts.ts';
import { PathSet } from '../paths/path-set.ts';
import { assertRealParents, isInside, toNative } from '../paths/paths.ts';
import { comparePaths, type Entry } from '../model/entry.ts';
import type { Engine } from '../databases/engine.ts';
import { carriesNoData, partNames, recogniseFolder, type DatabaseAt } from '../databases/engines.ts';
import { listBelow } from './live-tree.ts';
import { besideAnother, LiveDatabases } from './live-databases.ts';
import type { Action, Change, ChangePlan } from './change.ts';
import { FolderSteps } from './folder-steps.ts';
import { MissingParents } from './missing-parents.ts';
import { isSameAsLive, type Comparison } from './same-as-live.ts';
import { contentDigest } from './staged-content.ts';
import { fingerprintOf, typeOf, type Unit } from './unit.ts';

export interface PlanOptions extends Comparison {
  /** Folders that are mirrored: what the backup does not have in them is removed, and each is swapped as one. */
  readonly mirrored: readonly string[];
  /** Databases of the backup that are files. Their parts are moved with them. */
  readonly databases: readonly DatabaseAt[];
  /** Live paths that the backup does not have and that `--exact` removes, with their category. */
  readonly extras: readonly { readonly path: string; readonly category: string }[];
  /** Live paths that the selection covers. A mirrored folder that holds anything else is not swapped as one. */
  readonly covered: ReadonlySet<string>;
}

/**
 * Compares what is wanted with what is live, and plans the renames that turn one into the other. A folder that is missing or mirrored is one unit;
 * otherwise each file and link is a unit. What is already the same needs no unit. Throws UNSAFE_TARGET if a parent is a link or file that stays.
 */
export function planChanges(root: string, wanted: readonly Entry[], options: PlanOptions): ChangePlan {
  return new Planner(root, wanted, options).plan();
}

class Planner {
  readonly #root: string;
  readonly #wanted: readonly Entry[];
  readonly #options: PlanOptions;
  readonly #units: Unit[] = [];
  readonly #folders: FolderSteps;
  readonly #changes: Change[] = [];
  readonly #unchanged: Entry[] = [];
  readonly #mirroredInside: string[] = [];
  readonly #content = new Map<number, Entry[]>();
  /** Entries that may be parts of a database file, by path. */
  readonly #wantedParts: ReadonlyMap<string, Entry>;
  /** Live paths that will be removed, as far as they are known. */
  readonly #goes: Set<string>;
  /** Paths that are planned already, together with their database file. */
  readonly #placed = new Set<string>();
  readonly #unitPaths = new PathSet();
  readonly #trees = new PathSet();
  readonly #missing: MissingParents;
  readonly #databases: LiveDatabases;

  constructor(root: string, wanted: readonly Entry[], options: PlanOptions) {
    this.#root = root;
    this.#wanted = wanted.toSorted((a, b) => comparePaths(a.path, b.path));
    this.#options = options;
    this.#folders = new FolderSteps(root);
    this.#missing = new MissingParents(root, wanted);
    this.#databases = new LiveDatabases(root, options.databases);
    this.#goes = new Set(options.extras.map(({ path }) => path));
    this.#wantedParts = new Map(
      wanted.flatMap((entry) => (partNames(entry.path).length === 0 ? [] : [[entry.path, entry]])),
    );
  }

  plan(): ChangePlan {
    for (let at = 0; at < this.#wanted.length;) at = this.#place(at);
    for (const extra of this.#options.extras) this.#removeExtra(extra.path, extra.category);
    this.#folders.keepParentTimes(this.#units, this.#trees);
    const incoming = [...this.#content.values()].flat();
    return {
      units: this.#units,
      meta: this.#folders.steps(),
      changes: this.#changes,
      unchanged: this.#unchanged,
      mirroredInside: this.#mirroredInside,
      content: this.#content,
      bytes: incoming.reduce((total, entry) => total + entry.size, 0),
      inodes: incoming.length,
    };
  }

  /** Plans the entry at `at`, and all that is below it if it becomes one tree; returns where to go on. */
  #place(at: number): number {
    const entry = this.#wanted[at];
    if (entry === undefined) return at + 1;
    const missing = this.#missing.topmost(entry.path);
    if (missing !== null) return this.#tree(missing, at);
    const live = lstatOrNull(toNative(this.#root, entry.path));
    if (entry.type === 'dir' && live?.isDirectory() === true) {
      if (this.#isMirrored(entry.path)) return this.#mirror(entry, at);
      this.#folders.becomes(entry, live, this.#same(entry, live));
      return at + 1;
    }
    if (this.#placed.has(entry.path)) return at + 1;
    const size = live?.isFile() === true ? live.size : null;
    if (entry.type === 'dir' && size !== null) this.#removeBeside(entry, size);
    if (entry.type === 'dir') return this.#tree(entry.path, at);
    // When a link replaces a database, the parts beside the database are removed, as when a file replaces it.
    const engine = entry.type === 'file' || size !== null ? this.#databases.engineAt(entry.path, size) : null;
    if (engine !== null) this.#database(entry, engine, entry);
    else if (!this.#withoutFile(entry)) this.#single(entry, live);
    return at + 1;
  }

  /**
   * Handles a part of a database whose file is not in the backup. Such a part must never be put beside the file of another database. False if there
   * is no such file: then the part is a file like any other. Throws UNSAFE_TARGET if there is one and it stays.
   */
  #withoutFile(part: Entry): boolean {
    for (const { database } of part.type === 'file' ? partNames(part.path) : []) {
      const live = lstatOrNull(toNative(this.#root, database));
      if (live?.isFile() !== true || this.#wanted.some(({ path }) => path === database)) continue;
      const engine = this.#databases.engineAt(database, live.size);
      if (engine === null) continue;
      if (!this.#goes.has(database)) throw besideAnother(part.path, database);
      this.#database({ path: database, category: part.category }, engine);
      return true;
    }
    return false;
  }

  #single(entry: Entry, live: fs.BigIntStats | null, database?: DatabaseAt): void {
    if (live !== null && this.#same(entry, live) && database === undefined) {
      this.#unchanged.push(entry);
      return;
    }
    this.#unit(entry.path, false, [entry], database);
    this.#comes(entry, live === null ? 'add' : 'replace');
  }

  #comes({ path, type, category, size }: Entry, action: Action): void {
    this.#changes.push({ path, action, type, category, bytes: size });
  }

  /**
   * Plans a database file and its parts. They are swapped together if any of them differs, so that no journal of one state ends up beside the file of
   * another.
   * @param file undefined if the file is to be removed
   */
  #database(at: Pick<Entry, 'path' | 'category'>, engine: Engine, file?: Entry): void {
    const parts = this.#databases.parts(at.path, engine).map((part) => {
      const wanted = part.path === at.path ? file : this.#wantedParts.get(part.path);
      return { ...part, wanted };
    });
    for (const { path } of parts) this.#placed.add(path);
    const differs = parts.some(({ live, wanted, isVolatile }) => {
      if (wanted === undefined) return live !== null && !isVolatile;
      return live === null || !this.#same(wanted, live);
    });
    const database = { path: at.path, engine: engine.name };
    for (const { path, live, wanted } of parts) {
      if (!differs) {
        if (wanted !== undefined) this.#unchanged.push(wanted);
      } else if (wanted !== undefined) this.#single(wanted, live, database);
      else if (live !== null) this.#removePart(path, live, database, at.category);
    }
  }

  /** Removes the parts beside a database file that a folder replaces. */
  #removeBeside({ path: file, category }: Entry, size: bigint): void {
    const engine = this.#databases.engineAt(file, size);
    if (engine === null) return;
    for (const { path, live } of this.#databases.parts(file, engine))
      if (live !== null && path !== file && !this.#wantedParts.has(path))
        this.#removePart(path, live, { path: file, engine: engine.name }, category);
  }

  #removePart(path: string, live: fs.BigIntStats, database: DatabaseAt, category: string): void {
    this.#change(path, 'remove', category);
    this.#addUnit({ path, old: this.#old(path, live, false), hasNew: false, tree: false, database });
  }

  /** Whether a folder is exclusive or a database, in the backup or live. Two databases are never merged. */
  #isMirrored(folder: string): boolean {
    return this.#options.mirrored.includes(folder) || recogniseFolder(toNative(this.#root, folder)) !== null;
  }

  /** Plans a whole folder as one unit: everything wanted at or below `top`. */
  #tree(top: string, at: number): number {
    let end = at;
    while (end < this.#wanted.length && isInside(this.#wanted[end]?.path ?? '', top)) end++;
    const inside = this.#wanted.slice(at, end);
    const live = lstatOrNull(toNative(this.#root, top));
    this.#unit(top, true, inside);
    const category = inside[0]?.category ?? '';
    if (live !== null) this.#changes.push({ path: top, action: 'replace', type: typeOf(live), category, bytes: 0 });
    for (const entry of inside) {
      if (entry.type !== 'dir') this.#comes(entry, 'add');
    }
    return end;
  }

  /** Plans a database or exclusive folder, which is swapped as one if anything in it differs. */
  #mirror(top: Entry, at: number): number {
    let end = at + 1;
    while (end < this.#wanted.length && isInside(this.#wanted[end]?.path ?? '', top.path)) end++;
    const inside = this.#wanted.slice(at, end);
    const wantedPaths = new Set(inside.map((entry) => entry.path));
    const live = listBelow(this.#root, top.path);
    const gone = live.filter((path) => !wantedPaths.has(path) && !this.#carriesNoData(path));
    const differing = new Set(
      inside.filter((entry) => {
        const stat = lstatOrNull(toNative(this.#root, entry.path));
        return stat === null || !this.#same(entry, stat);
      }),
    );
    if (gone.length === 0 && differing.size === 0) {
      this.#unchanged.push(...inside.filter((entry) => entry.type !== 'dir'));
      return end;
    }
    const foreign = live.some((path) => !this.#options.covered.has(path) && !this.#carriesNoData(path));
    if (foreign || isOverlay(toNative(this.#root, top.path))) return this.#mirrorInside(top, at, gone);
    this.#unit(top.path, true, inside);
    const had = new Set(live);
    for (const entry of inside) {
      if (entry.type === 'dir') continue;
      if (!differing.has(entry)) this.#unchanged.push(entry);
      else this.#comes(entry, had.has(entry.path) ? 'replace' : 'add');
    }
    for (const path of gone) this.#change(path, 'remove', top.category);
    return end;
  }

  /** Plans a mirrored folder that also holds things outside of the selection. These stay where they are, and each file and link is moved by itself. */
  #mirrorInside(top: Entry, at: number, gone: readonly string[]): number {
    const live = lstatOrNull(toNative(this.#root, top.path));
    if (live !== null) this.#folders.becomes(top, live, this.#same(top, live));
    this.#mirroredInside.push(top.path);
    for (const path of gone) if (this.#options.covered.has(path)) this.#goes.add(path);
    let next = at + 1;
    while (next < this.#wanted.length && isInside(this.#wanted[next]?.path ?? '', top.path)) next = this.#place(next);
    // This comes after what is wanted, because by then the parts of a database are planned with its file.
    for (const path of gone) {
      const isFolder = lstatOrNull(toNative(this.#root, path))?.isDirectory() === true;
      if (this.#options.covered.has(path) && !isFolder) this.#removeExtra(path, top.category);
    }
    return next;
  }

  #removeExtra(path: string, category: string): void {
    // A unit moves all that is below it now, also if a file replaces a folder.
    const stat = lstatOrNull(toNative(this.#root, path));
    if (this.#unitPaths.covers(path) || stat === null) return;
    const engine = stat.isFile() ? this.#databases.engineAt(path, stat.size) : null;
    if (engine !== null) {
      this.#removeDatabase(path, engine, category);
      return;
    }
    this.#addUnit({ path, old: this.#old(path, stat, stat.isDirectory()), hasNew: false, tree: stat.isDirectory() });
    this.#folders.moves(path, stat, undefined);
    const below = stat.isDirectory() ? listBelow(this.#root, path) : [];
    for (const gone of [path, ...below]) this.#change(gone, 'remove', category);
  }

  #removeDatabase(path: string, engine: Engine, category: string): void {
    for (const { path: at, live } of this.#databases.parts(path, engine))
      if (live !== null && !this.#unitPaths.covers(at))
        this.#removePart(at, live, { path, engine: engine.name }, category);
  }

  #change(path: string, action: Action, category: string): void {
    const stat = lstatOrNull(toNative(this.#root, path));
    if (stat === null) return;
    this.#changes.push({ path, action, type: typeOf(stat), category, bytes: stat.isFile() ? Number(stat.size) : 0 });
  }

  #unit(path: string, tree: boolean, content: Entry[], database?: DatabaseAt): void {
    assertRealParents(this.#root, path);
    const stat = lstatOrNull(toNative(this.#root, path));
    const old = stat === null ? null : this.#old(path, stat, tree);
    const n = this.#addUnit({ path, old, hasNew: true, tree, staged: contentDigest(path, content), database });
    this.#content.set(n, content);
    const top = content.find((entry) => entry.path === path && entry.type === 'dir');
    this.#folders.moves(path, stat, top);
  }

  #old(path: string, stat: fs.BigIntStats, tree: boolean): Unit['old'] {
    return fingerprintOf(toNative(this.#root, path), stat, tree && this.#isMirrored(path));
  }

  #addUnit(unit: Omit<Unit, 'n'>): number {
    const n = this.#units.length;
    this.#units.push({ n, ...unit });
    this.#unitPaths.add(unit.path);
    if (unit.tree) this.#trees.add(unit.path);
    return n;
  }

  #carriesNoData(path: string): boolean {
    return carriesNoData(toNative(this.#root, path));
  }

  #same = (entry: Entry, live: fs.BigIntStats): boolean => isSameAsLive(this.#root, entry, live, this.#options);
}
