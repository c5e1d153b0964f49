import type fs from 'node:fs';
import { lstatOrNull } from '../fs/durable.ts';
import { comparePaths, type Entry } from '../model/entry.ts';
import type { PathSet } from '../paths/path-set.ts';
import { parentOf, toNative } from '../paths/paths.ts';
import { nearly } from './same-as-live.ts';
import { isMovable, metaStep, type MetaStep, type Unit } from './unit.ts';

/** What a change does to the modes and times of folders that are restored, are moved, or have names in them removed or added. */
export class FolderSteps {
  readonly #root: string;
  readonly #steps = new Map<string, MetaStep>();
  /** Folders that are moved and have their mode set afterwards. */
  readonly #moved = new Set<string>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Innermost first. */
  steps(): MetaStep[] {
    return [...this.#steps.values()].toSorted((a, b) => comparePaths(b.path, a.path));
  }

  /** A read-only folder must be made writable to be moved, so its old and its new mode have to be set afterwards. */
  moves(path: string, live: fs.BigIntStats | null, top: Entry | undefined): void {
    const old = live?.isDirectory() === true ? live : null;
    const openedOld = old !== null && !isMovable(old);
    const openedNew = top !== undefined && !isMovable({ mode: BigInt(top.mode) });
    if (!openedOld && !openedNew) return;
    const like = { mode: BigInt(top?.mode ?? 0o700), mtimeNs: top?.mtimeNs ?? 0n };
    const { mode, mtimeNs } = old ?? like;
    this.#steps.set(path, metaStep(path, old ?? like, top?.mode ?? Number(mode & 0o7777n), top?.mtimeNs ?? mtimeNs));
    this.#moved.add(path);
  }

  /** A folder that stays gets the mode and time of its entry. @param same whether it has that mode already */
  becomes(entry: Entry, live: fs.BigIntStats, same: boolean): void {
    // chmod of a folder with an ACL would change the mask, so the mode is left alone if nothing else differs.
    const mode = same ? Number(live.mode & 0o777n) : entry.mode;
    this.#steps.set(entry.path, metaStep(entry.path, live, mode, entry.mtimeNs));
  }

  /** A rename changes the mtime of its folder, so folders that are not restored themselves get their old mtime back. */
  keepParentTimes(units: readonly Unit[], trees: PathSet): void {
    for (const unit of units) {
      const parent = parentOf(unit.path);
      if (this.#steps.has(parent) || trees.covers(parent)) continue;
      const live = lstatOrNull(toNative(this.#root, parent));
      if (live === null) continue;
      this.#steps.set(parent, metaStep(parent, live, Number(live.mode & 0o7777n), live.mtimeNs));
    }
    const touched = new Set(units.map((unit) => parentOf(unit.path)));
    for (const [path, step] of this.#steps) {
      const same = step.oldMode === step.newMode && nearly(BigInt(step.oldMtimeNs), BigInt(step.newMtimeNs));
      if (same && !touched.has(path) && !this.#moved.has(path)) this.#steps.delete(path);
    }
  }
}
