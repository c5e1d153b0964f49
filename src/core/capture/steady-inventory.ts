import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Category, Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { Finding } from '../model/finding.ts';
import { TICK_MS } from '../scan/file-state.ts';
import { FolderLooks, lookAtOnce, type FolderKind, type RestlessFolders } from '../scan/folder-looks.ts';
import type { ScanProblem } from '../scan/scan-item.ts';
import { PROBLEM } from '../scan/scan-messages.ts';
import { takeInventory, type Inventory, type InventoryOptions } from './inventory.ts';

export interface SteadyInventory extends Inventory {
  /** Whether a file is in any of the folders that have changed since they were listed first. One that is not, and not in its place, is no more. */
  readonly isSomewhere: (inode: number) => Promise<boolean>;
}

/** A project is walked at least so often, and for so long, before what moves in it is given up. */
const ATTEMPTS = 5;
const PATIENCE_MS = 5000;
/** For how long folders are looked at to find one file in them. */
const LOOK_MS = 50;

/**
 * Takes an inventory whose names were all there together at one moment, so that nothing which moves meanwhile is missed: a walk during which a folder
 * changed is done again, and the folders that changed are then listed all at once before it. What does not keep still is a problem in the end.
 * @param options made anew for each walk: what it took from another one does not count
 * @param patienceMs for how long it is tried at least
 */
export async function takeSteadyInventory(
  project: Project,
  categories: readonly Category[],
  options: () => InventoryOptions,
  context: Context,
  patienceMs = PATIENCE_MS,
): Promise<SteadyInventory> {
  const deadline = performance.now() + patienceMs;
  const restless = new Map<string, FolderKind>();
  let earlier: FolderLooks | undefined;
  for (let attempt = 1; ; attempt++) {
    const together = restless.size === 0 ? new Map() : await lookAtOnce(project.root, restless, deadline);
    const looks = new FolderLooks(project.root, together ?? undefined);
    const { onProblem, onFinding, ...others } = options();
    const problems: ScanProblem[] = [];
    const findings: Finding[] = [];
    const walk = {
      ...others,
      looks,
      onProblem: (problem: ScanProblem): void => void problems.push(problem),
      onFinding: (finding: Finding): void => void findings.push(finding),
    };
    const inventory = await takeInventory(project, categories, walk, context);
    // Those that were looked at together were so before this walk: the others have to be as they were before that, too.
    const unlike = earlier === undefined ? [] : looks.unlike(earlier);
    const moved = new Map([...(await looks.moved()), ...unlike, ...(together === null ? restless : [])]);
    earlier = looks;
    const gone = problems.filter(({ code }) => code === PROBLEM.vanished.code);
    const isSteady = moved.size + gone.length === 0 && !looks.isYoung;
    if (isSteady || together === null || (attempt >= ATTEMPTS && performance.now() > deadline)) {
      problems.forEach(onProblem);
      for (const problem of restlessness(moved, categories)) onProblem(problem);
      if (onFinding !== undefined) findings.forEach(onFinding);
      return { ...inventory, isSomewhere: whereabouts(project.root, restless, looks) };
    }
    for (const [folder, kind] of moved) restless.set(folder, kind);
    for (const { path: file } of gone) {
      const above = path.posix.dirname(file);
      if (!restless.has(above)) restless.set(above, 'folder');
    }
    if (looks.isYoung) await setTimeout(TICK_MS);
  }
}

/** What was in none of these folders at some moment, and not in its place, was no more then: so one look answers for many files. */
function whereabouts(root: string, restless: RestlessFolders, looks: FolderLooks): SteadyInventory['isSomewhere'] {
  let seen: ReadonlySet<number> | null = null;
  return async (inode) => {
    if (seen?.has(inode) === false) return false;
    const changed = new Map([...restless, ...(await looks.moved())]);
    const folders = await lookAtOnce(root, changed, performance.now() + LOOK_MS, Infinity);
    seen =
      folders &&
      new Set([...folders.values()].flatMap(({ stats }) => [...stats.values()].map(({ ino }) => Number(ino))));
    return seen?.has(inode) !== false;
  };
}

/** A folder that moved is a problem of each category that looks into it; those below it are not named besides. */
function* restlessness(moved: RestlessFolders, categories: readonly Category[]): Generator<ScanProblem> {
  const isBelow = (folder: string): boolean =>
    folder !== '.' && (moved.has(path.posix.dirname(folder)) || isBelow(path.posix.dirname(folder)));
  for (const folder of moved.keys()) {
    if (isBelow(folder)) continue;
    for (const { name, sources } of categories) {
      const source = sources.find(({ path: top }) => isWithin(folder, top) || isWithin(top, folder));
      if (source !== undefined) yield { ...PROBLEM.restless, path: folder, category: name, source: source.name };
    }
  }
}

function isWithin(inner: string, outer: string): boolean {
  return outer === '.' || inner === outer || inner.startsWith(`${outer}/`);
}
