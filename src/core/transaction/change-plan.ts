import type fs from 'node:fs';
import { lstatOrNull } from '../fs/durable.ts';
import { isOverlay } from '../fs/mounts.ts';
import { PathSet } from '../paths/path-set.ts';
import { assertRealParents, isInside, parentOf, toNative } from '../paths/paths.ts';
import { comparePaths, type Entry } from '../model/entry.ts';
import { isVolatilePath, recogniseDatabase } from '../databases/leveldb/format/recognise.ts';
import { listBelow } from './live-tree.ts';
import { isSameAsLive, nearly, type Comparison } from './same-as-live.ts';
import { contentDigest } from './staged-content.ts';
import { fingerprintOf, isMovable, metaStep, typeOf, type MetaStep, type Unit } from './unit.ts';

export type Action = 'add' | 'replace' | 'remove';

export interface Change {
  readonly path: string;
  readonly action: Action;
  readonly type: string;
  readonly category: string;
  readonly bytes: number;
}

export interface ChangePlan {
  readonly units: readonly Unit[];
  readonly meta: readonly MetaStep[];
  readonly changes: readonly Change[];
  readonly unchanged: readonly Entry[];
  /** Mirrored folders whose files are units of their own: what replaces them later has to know all that was in there. */
  readonly mirroredInside: readonly string[];
  /** For each unit that brings something in, the entries in it; the first is the unit itself unless its folder is implied. */
  readonly content: ReadonlyMap<number, readonly Entry[]>;
  readonly bytes: number;
  readonly inodes: number;
}

export interface PlanOptions extends Comparison {
  /** Folders that are mirrored: what the backup does not have in them goes, and they are swapped as one. */
  readonly mirrored: readonly string[];
  /** Live paths that the backup does not have and that are to be removed (`--exact`), with their category. */
  readonly extras: readonly { readonly path: string; readonly category: string }[];
  /** Live paths that the selection covers. A mirrored folder that holds anything else is not swapped as one. */
  readonly covered: ReadonlySet<string>;
}

/**
 * Compares what is wanted with what is live and says which renames make one of the other. A folder that is missing or mirrored is one unit;
 * else each file and link is. What is the same already is no unit. Throws UNSAFE_TARGET where a parent is a link or file that stays.
 */
export function planChanges(root: string, wanted: readonly Entry[], options: PlanOptions): ChangePlan {
  return new Planner(root, wanted, options).plan();
}

class Planner {
  readonly #root: string;
  readonly #wanted: readonly Entry[];
  readonly #options: PlanOptions;
  readonly #units: Unit[] = [];
  readonly #meta = new Map<string, MetaStep>();
  readonly #changes: Change[] = [];
  readonly #unchanged: Entry[] = [];
  readonly #mirroredInside: string[] = [];
  readonly #content = new Map<number, Entry[]>();
  /** Folders that are moved and have their mode set afterwards. */
  readonly #moved = new Set<string>();
  readonly #unitPaths = new PathSet();
  readonly #trees = new PathSet();
  /** Live folders that were looked at: real ones. */
  readonly #real = new Set<string>();
  #wantedFolders: ReadonlySet<string> | undefined;

  constructor(root: string, wanted: readonly Entry[], options: PlanOptions) {
    this.#root = root;
    this.#wanted = wanted.toSorted((a, b) => comparePaths(a.path, b.path));
    this.#options = options;
  }

  plan(): ChangePlan {
    for (let at = 0; at < this.#wanted.length;) at = this.#place(at);
    for (const extra of this.#options.extras) this.#removeExtra(extra.path, extra.category);
    this.#keepParentTimes();
    const incoming = [...this.#content.values()].flat();
    return {
      units: this.#units,
      meta: [...this.#meta.values()].toSorted((a, b) => comparePaths(b.path, a.path)),
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
    const missing = this.#topmostMissing(entry.path);
    if (missing !== null) return this.#tree(missing, at);
    const live = lstatOrNull(toNative(this.#root, entry.path));
    if (entry.type === 'dir' && live?.isDirectory() === true) {
      if (this.#isMirrored(entry.path)) return this.#mirror(entry, at);
      this.#folderMeta(entry, live);
      return at + 1;
    }
    if (entry.type === 'dir') return this.#tree(entry.path, at);
    if (live !== null && this.#same(entry, live)) {
      this.#unchanged.push(entry);
      return at + 1;
    }
    this.#unit(entry.path, false, [entry]);
    this.#changes.push({
      path: entry.path,
      action: live === null ? 'add' : 'replace',
      type: entry.type,
      category: entry.category,
      bytes: entry.size,
    });
    return at + 1;
  }

  /** Exclusive folders, and every database: one of the backup, or one that is live now. Two of them are never merged. */
  #isMirrored(folder: string): boolean {
    return this.#options.mirrored.includes(folder) || recogniseDatabase(toNative(this.#root, folder)) !== null;
  }

  /** The highest folder above `path` that does not exist, or that a file or link stands in for where the backup has a folder. */
  #topmostMissing(path: string): string | null {
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
    this.#wantedFolders ??= new Set(this.#wanted.flatMap((entry) => (entry.type === 'dir' ? [entry.path] : [])));
    return this.#wantedFolders.has(path);
  }

  /** One unit for a whole folder: everything wanted at or below `top`. */
  #tree(top: string, at: number): number {
    let end = at;
    while (end < this.#wanted.length && isInside(this.#wanted[end]?.path ?? '', top)) end++;
    const inside = this.#wanted.slice(at, end);
    const live = lstatOrNull(toNative(this.#root, top));
    this.#unit(top, true, inside);
    const category = inside[0]?.category ?? '';
    if (live !== null) this.#changes.push({ path: top, action: 'replace', type: typeOf(live), category, bytes: 0 });
    for (const entry of inside) {
      if (entry.type !== 'dir')
        this.#changes.push({
          path: entry.path,
          action: 'add',
          type: entry.type,
          category: entry.category,
          bytes: entry.size,
        });
    }
    return end;
  }

  /** A LevelDB database or exclusive folder: swapped as one if anything in it differs. */
  #mirror(top: Entry, at: number): number {
    let end = at + 1;
    while (end < this.#wanted.length && isInside(this.#wanted[end]?.path ?? '', top.path)) end++;
    const inside = this.#wanted.slice(at, end);
    const wantedPaths = new Set(inside.map((entry) => entry.path));
    const live = listBelow(this.#root, top.path);
    const gone = live.filter((path) => !wantedPaths.has(path) && !isVolatilePath(path));
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
    const foreign = live.some((path) => !this.#options.covered.has(path) && !isVolatilePath(path));
    if (foreign || isOverlay(toNative(this.#root, top.path))) return this.#mirrorInside(top, at, gone);
    this.#unit(top.path, true, inside);
    const had = new Set(live);
    for (const entry of inside) {
      if (entry.type === 'dir') continue;
      if (!differing.has(entry)) this.#unchanged.push(entry);
      else
        this.#changes.push({
          path: entry.path,
          action: had.has(entry.path) ? 'replace' : 'add',
          type: entry.type,
          category: entry.category,
          bytes: entry.size,
        });
    }
    for (const path of gone) this.#change(path, 'remove', top.category);
    return end;
  }

  /** A mirrored folder that also holds what nobody selected: that stays where it is, and each file and link is moved by itself. */
  #mirrorInside(top: Entry, at: number, gone: readonly string[]): number {
    const live = lstatOrNull(toNative(this.#root, top.path));
    if (live !== null) this.#folderMeta(top, live);
    this.#mirroredInside.push(top.path);
    for (const path of gone) {
      const isFolder = lstatOrNull(toNative(this.#root, path))?.isDirectory() === true;
      if (this.#options.covered.has(path) && !isFolder) this.#removeExtra(path, top.category);
    }
    let next = at + 1;
    while (next < this.#wanted.length && isInside(this.#wanted[next]?.path ?? '', top.path)) next = this.#place(next);
    return next;
  }

  #removeExtra(path: string, category: string): void {
    // A unit takes along all that is below it now, also where a folder makes way for a file.
    const stat = lstatOrNull(toNative(this.#root, path));
    if (this.#unitPaths.covers(path) || stat === null) return;
    this.#addUnit({ path, old: this.#old(path, stat, stat.isDirectory()), hasNew: false, tree: stat.isDirectory() });
    this.#readOnlyFolder(path, stat, undefined);
    const below = stat.isDirectory() ? listBelow(this.#root, path) : [];
    for (const gone of [path, ...below]) this.#change(gone, 'remove', category);
  }

  #change(path: string, action: Action, category: string): void {
    const stat = lstatOrNull(toNative(this.#root, path));
    if (stat === null) return;
    this.#changes.push({ path, action, type: typeOf(stat), category, bytes: stat.isFile() ? Number(stat.size) : 0 });
  }

  #unit(path: string, tree: boolean, content: Entry[]): void {
    assertRealParents(this.#root, path);
    const stat = lstatOrNull(toNative(this.#root, path));
    const old = stat === null ? null : this.#old(path, stat, tree);
    const n = this.#addUnit({ path, old, hasNew: true, tree, staged: contentDigest(path, content) });
    this.#content.set(n, content);
    const top = content.find((entry) => entry.path === path && entry.type === 'dir');
    this.#readOnlyFolder(path, stat, top);
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

  /** A read-only folder is opened to be moved: its mode, the old one and the new one, has to be set afterwards. */
  #readOnlyFolder(path: string, live: fs.BigIntStats | null, top: Entry | undefined): void {
    const old = live?.isDirectory() === true ? live : null;
    const openedOld = old !== null && !isMovable(old);
    const openedNew = top !== undefined && !isMovable({ mode: BigInt(top.mode) });
    if (!openedOld && !openedNew) return;
    const like = { mode: BigInt(top?.mode ?? 0o700), mtimeNs: top?.mtimeNs ?? 0n };
    const { mode, mtimeNs } = old ?? like;
    this.#meta.set(path, metaStep(path, old ?? like, top?.mode ?? Number(mode & 0o7777n), top?.mtimeNs ?? mtimeNs));
    this.#moved.add(path);
  }

  #folderMeta(entry: Entry, live: fs.BigIntStats): void {
    // chmod of a folder with an ACL would set the mask: where nothing else differs it stays as it is.
    const mode = this.#same(entry, live) ? Number(live.mode & 0o777n) : entry.mode;
    this.#meta.set(entry.path, metaStep(entry.path, live, mode, entry.mtimeNs));
  }

  /** A rename touches its folder's mtime: folders that are not restored themselves get theirs back. */
  #keepParentTimes(): void {
    for (const unit of this.#units) {
      const parent = parentOf(unit.path);
      if (this.#meta.has(parent) || this.#trees.covers(parent)) continue;
      const live = lstatOrNull(toNative(this.#root, parent));
      if (live === null) continue;
      this.#meta.set(parent, metaStep(parent, live, Number(live.mode & 0o7777n), live.mtimeNs));
    }
    const touched = new Set(this.#units.map((unit) => parentOf(unit.path)));
    for (const [path, step] of this.#meta) {
      const same = step.oldMode === step.newMode && nearly(BigInt(step.oldMtimeNs), BigInt(step.newMtimeNs));
      if (same && !touched.has(path) && !this.#moved.has(path)) this.#meta.delete(path);
    }
  }

  #same(entry: Entry, live: fs.BigIntStats): boolean {
    return isSameAsLive(this.#root, entry, live, this.#options);
  }
}
