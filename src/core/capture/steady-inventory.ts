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
  /** Whether a file is in one of the folders that have changed since they were first listed. If it is neither there nor in its place, it no longer exists. */
  readonly isSomewhere: (inode: number) => Promise<boolean>;
}

/** A project is walked at least this often, and for at least this long, before folders that keep changing become a problem. */
const ATTEMPTS = 5;
const PATIENCE_MS = 5000;
/** How long to list folders in order to find one file in them. */
const LOOK_MS = 50;

/**
 * Takes an inventory whose names all existed together at one moment, so that nothing is missed which is moved meanwhile. If a folder changes during a
 * walk, the walk is repeated, and the folders that changed are all listed at once before it. A folder that keeps changing is a problem in the end.
 * @param options makes the options of each walk anew, so that what an earlier walk collected does not count
 * @param patienceMs how long to try at least
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
    // The restless folders were listed at once before this walk. So the others must also be as they were in the walk before that.
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

/**
 * A file that was in none of these folders at one moment, and not in its place either, did not exist then. So one look at the folders answers for
 * many files.
 */
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

/** A problem for each folder that changed and each category that looks into it. Folders below it are not named as well. */
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
