import { createHash } from 'node:crypto';
import { absentProblem } from '../checks/absent-path.ts';
import { PathSet } from '../paths/path-set.ts';
import { isInside, parentOf, toNative } from '../paths/paths.ts';
import { comparePaths } from '../model/entry.ts';
import type { Category, Config, Project } from '../model/category.ts';
import type { Finding } from '../model/finding.ts';
import type { Manifest } from '../model/manifest.ts';
import type { RestorePlan } from '../model/restore-report.ts';
import { type Attributes, attributesNotKept, lookAtAttributes } from '../scan/attributes.ts';
import { Ownership } from '../scan/ownership.ts';
import type { ChangePlan } from '../transaction/change.ts';
import { planChanges } from '../transaction/change-plan.ts';
import { findOpenFiles } from '../fs/open-files.ts';
import { heldOpen, willBeHeld } from './held-open.ts';
import { isInRepository } from './own-places.ts';
import { refuseUnread, scanLive } from './scan-live.ts';
import type { VerifiedBackup } from '../extract/verify-for-restore.ts';
import { fileDatabases, wholeFolders } from '../extract/selection.ts';
import { lstatOrNull } from '../fs/durable.ts';
import { carriesNoData } from '../databases/engines.ts';
import { listBelow } from '../transaction/live-tree.ts';

export interface Planned {
  readonly changes: ChangePlan;
  readonly plan: RestorePlan;
  /** What the change would lose. The plan has the same findings. */
  readonly findings: Finding[];
  /** The configuration that the backup was taken with. */
  readonly config: Config;
}

export interface PlanOptions {
  readonly only: readonly string[];
  /** Whether to remove what the backup does not have. */
  readonly exact: boolean;
  /** The paths that may be removed, of those that a safety backup states as absent. All of them if undefined. */
  readonly removable?: readonly string[] | undefined;
  /** Whether another owner or group counts as a difference. */
  readonly owner?: boolean | undefined;
}

/** Says exactly what a restore in place would do, with a hash of that. It reads the project and changes nothing. */
export async function planRestore(project: Project, verified: VerifiedBackup, options: PlanOptions): Promise<Planned> {
  const { manifest, wanted } = verified;
  const config = configOf(manifest, project.config);
  const isSafety = manifest.kind === 'safety';
  const attributes = await lookAtAttributes(project, config.categories, {
    ownership: new Ownership(config.categories),
    flags: true,
  });
  const live = scanLive(project, config, verified, options.only);
  // Nobody knows what is in a folder that cannot be read, so nothing there can be restored exactly.
  const matters = ({ path }: { path: string }): boolean =>
    options.exact || isSafety || wholeFolders(manifest).some((folder) => isInside(path, folder));
  refuseUnread(project.root, live.unread.filter(matters));
  // A safety backup holds only what was replaced, so a file that it does not hold is not an extra. What it states as absent is one.
  const absent = options.removable ?? manifest.absent ?? [];
  const gone = absent
    .filter((path) => absentProblem(manifest, path) === null && !isInRepository(project, path))
    .flatMap((path) => absentToRemove(project.root, path, live.covered));
  const extras = isSafety ? gone.map((path) => ({ path, category: categoryOf(manifest, path) })) : live.all;
  const changes = planChanges(project.root, wanted, {
    mirrored: wholeFolders(manifest),
    databases: fileDatabases(manifest),
    extras: options.exact ? extras : [],
    covered: live.covered,
    owner: options.owner,
    groupRights: attributes.groupRights,
  });
  const trees = new PathSet(changes.units.flatMap((unit) => (unit.tree ? [unit.path] : [])));
  const moved = new Set(changes.units.map((unit) => unit.path));
  const stays = ({ path }: { path: string }): boolean => !trees.covers(path) && !moved.has(path);
  const kept = options.exact || isSafety ? [] : live.files.filter(stays);
  const findings = [
    ...attributesLost(new Map([...attributes.found, ['hard links', live.hardLinks]]), changes),
    ...writersOf(project.root, changes),
  ];
  const { notLookedAt } = attributes;
  return { changes, config, findings, plan: { ...describe(project, verified, changes, kept), findings, notLookedAt } };
}

/** Which processes have a file open for writing that will be replaced. */
function writersOf(root: string, { units }: ChangePlan): Finding[] {
  const open = findOpenFiles();
  if (open === null) return [];
  return willBeHeld(
    units.flatMap((unit) => (unit.old === null ? [] : heldOpen(open, toNative(root, unit.path), unit.path))),
  );
}

/** What is replaced loses its attributes, and nothing brings them back: the safety backup does not hold them either. */
function attributesLost(found: Attributes['found'], { units }: ChangePlan): Finding[] {
  const replaced = new PathSet(units.flatMap(({ path, old }) => (old === null ? [] : [path])));
  return attributesNotKept(
    new Map([...found].map(([kind, paths]) => [kind, paths.filter((path) => replaced.covers(path))])),
  );
}

/** The category of the innermost source that contains a path. */
function categoryOf(manifest: Manifest, path: string): string {
  let [closest = ''] = Object.keys(manifest.categories);
  let depth = -1;
  for (const [name, category] of Object.entries(manifest.categories)) {
    for (const source of category.sources) {
      const reach = source.path === '.' ? 0 : source.path.length;
      if (isInside(path, source.path) && reach > depth) [closest, depth] = [name, reach];
    }
  }
  return closest;
}

/** The configuration that a backup was taken with, for scanning the tree as it was scanned then. */
export function configOf(manifest: Manifest, local: Config): Config {
  const categories = Object.entries(manifest.config.categories).map(([name, category]): Category => ({
    name,
    sources: category.sources.map((source) => ({
      category: name,
      name: source.name,
      path: source.path,
      type: source.type,
      include: source.include,
      exclude: source.exclude,
      required: false,
      exclusive: source.exclusive,
      external: source.external,
    })),
  }));
  const { includeSecrets, secrets, only } = manifest.config;
  return { ...local, categories, includeSecrets, secrets, only };
}

function describe(
  project: Project,
  { manifest, wanted }: VerifiedBackup,
  changes: ChangePlan,
  kept: readonly { path: string; category: string }[],
): Omit<RestorePlan, 'findings' | 'notLookedAt'> {
  const categories: RestorePlan['categories'] = {};
  const of = (name: string): RestorePlan['categories'][string] => (categories[name] ??= emptyPlan());
  for (const entry of wanted) of(entry.category);
  for (const change of changes.changes) {
    if (change.type === 'dir') continue;
    const figures = of(change.category)[change.action];
    figures.files++;
    figures.bytes += change.bytes;
  }
  for (const entry of changes.unchanged) {
    const { unchanged } = of(entry.category);
    unchanged.files++;
    unchanged.bytes += entry.size;
  }
  for (const extra of kept) of(extra.category).kept++;
  const moved = changes.changes.map(({ path, action, type }) => ({ path, action, type }));
  const list = [...moved, ...folderChanges(project.root, changes)].toSorted((a, b) => comparePaths(a.path, b.path));
  return {
    hash: hashOf(manifest.backupId, project.root, changes),
    backupId: manifest.backupId,
    target: project.root,
    nothingToDo: changes.units.length === 0 && changes.meta.length === 0,
    categories,
    changes: list,
    untouched: Object.keys(manifest.categories).filter((name) => categories[name] === undefined),
    keptExtras: kept.map(({ path }) => path),
    needs: { bytes: changes.bytes, inodes: changes.inodes },
  };
}

function emptyPlan(): RestorePlan['categories'][string] {
  const none = () => ({ files: 0, bytes: 0 });
  return { add: none(), replace: none(), remove: none(), unchanged: none(), kept: 0 };
}

/** A hash of everything that would be done and of everything it depends on: another project state or another backup gives another hash. */
function hashOf(backupId: string, root: string, { units, meta, content }: ChangePlan): string {
  const incoming = [...content].map(([n, entries]) => [
    n,
    entries.map((e) => [e.path, e.type, e.mode, String(e.mtimeNs), e.sha256 ?? e.target ?? '']),
  ]);
  return createHash('sha256')
    .update(JSON.stringify([backupId, root, units, meta, incoming]))
    .digest('hex');
}

/**
 * Which paths to remove where a safety backup says that nothing was there: the whole path if the backup's sources hold everything that is there now,
 * otherwise only the files and links that they hold. What no source selects is never removed, whatever the backup's list says.
 * @param covered every path that the sources hold now
 */
export function absentToRemove(root: string, path: string, covered: ReadonlySet<string>): string[] {
  const stat = lstatOrNull(toNative(root, path));
  if (stat === null) return [];
  if (!stat.isDirectory()) return covered.has(path) ? [path] : [];
  const below = listBelow(root, path);
  const holding = new Set(below.map(parentOf));
  const isFolder = (each: string): boolean => lstatOrNull(toNative(root, each))?.isDirectory() === true;
  const foreign = below.some(
    (each) => !covered.has(each) && !carriesNoData(toNative(root, each)) && !(isFolder(each) && holding.has(each)),
  );
  const bare = below.length === 0 && !covered.has(path);
  if (!foreign && !bare) return [path];
  return below.filter((each) => covered.has(each) && !isFolder(each));
}

/** Folders that a plan adds or gives another mode. They are changes, even if no file is added or removed with them. */
function folderChanges(root: string, { changes, units, meta, content }: ChangePlan): RestorePlan['changes'] {
  const known = new Set(changes.map(({ path }) => path));
  const found = new Map<string, 'add' | 'replace'>();
  for (const unit of units.filter(({ tree, hasNew }) => tree && hasNew)) {
    const folders = (content.get(unit.n) ?? []).filter(({ type }) => type === 'dir');
    for (const path of [unit.path, ...folders.map((entry) => entry.path)])
      if (lstatOrNull(toNative(root, path)) === null) found.set(path, 'add');
  }
  for (const { path, oldMode, newMode } of meta)
    if (oldMode !== newMode && !found.has(path)) found.set(path, 'replace');
  return [...found].filter(([path]) => !known.has(path)).map(([path, action]) => ({ path, action, type: 'dir' }));
}
