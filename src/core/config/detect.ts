import fs from 'node:fs';
import path from 'node:path';
import picomatch from 'picomatch';
import { namesIn } from '../fs/names-in.ts';
import { forbiddenPart, pathProblem, toNative } from '../paths/paths.ts';
import type { Category, Source } from '../model/category.ts';
import { MAX_SOURCES } from './conflicts.ts';
import { type Applied, presetCategories, withEveryPreset } from './preset.ts';
import { PRESETS } from './presets/all-presets.ts';
import { everyProject } from './presets/every-project.ts';
import type { Preset } from './presets/preset.ts';
import { readSmall } from './read-small.ts';
import { findWorkspaces, type LookedAt, objectIn } from './workspaces.ts';

/** How deep folders are searched that use a framework and are no workspaces. */
const MAX_DEPTH = 4;
const MAX_CANDIDATES = 100;

/** Folders in which nothing is looked for: what is rebuilt, what others wrote, and samples. */
const SKIPPED = new Set([
  ...PRESETS.flatMap(({ rebuilt = [] }) => rebuilt.map(({ folder }) => folder)),
  'node_modules',
  'vendor',
  'third_party',
  'dependencies',
  'submodules',
  'test',
  'tests',
  '__tests__',
  'testdata',
  'fixtures',
  'mocks',
  'examples',
  'templates',
]);

/** A preset that was found, and what shows it. */
export interface Found {
  readonly preset: string;
  /** Project-relative; `.` for the project itself. */
  readonly folder: string;
  /** A path in the folder, or `NAME in package.json`. */
  readonly because: string;
}

export interface Detection {
  readonly found: readonly Found[];
  /** Project-relative folders. */
  readonly workspaces: readonly string[];
  /** Where presets apply beyond the project itself, so that a config has to say it. */
  readonly applied: Applied;
  /** What all of that covers, with what every preset covers in the project itself. */
  readonly categories: readonly Category[];
  /** The part of it that only the environment names. The next shell may have another one. */
  readonly added: readonly Category[];
}

/** What a project uses, in its own folder, in its workspaces and in other folders that have the settings of a framework. */
export function detect(root: string, env: NodeJS.ProcessEnv): Detection {
  const walked = walk(root);
  const workspaces = findWorkspaces(root, walked);
  const own = new Set(['.', ...workspaces]);
  const looked = [
    ...[...own].map((folder) => ({ folder, names: namesIn(path.join(root, folder)) })),
    ...walked.filter(({ folder }) => !own.has(folder)),
  ];
  const found = looked.flatMap((each) => {
    // A folder with the settings of a framework is a project of its own, in which all marks count.
    const isOwn = own.has(each.folder) || foundIn(root, each, false).length > 0;
    return isOwn ? foundIn(root, each, true) : [];
  });
  const applied = new Map<string, string[]>();
  for (const { preset, folder } of found)
    if (folder !== '.') applied.set(preset, [...(applied.get(preset) ?? []), folder]);
  let categories = presetCategories(root, env, withEveryPreset(applied));
  // Of thousands of packages the state comes first. What is left out is found all the same, so that init says it.
  if (countSources(categories) > MAX_SOURCES && applied.delete(everyProject.name))
    categories = presetCategories(root, env, withEveryPreset(applied));
  const known = new Set(
    presetCategories(root, {}, withEveryPreset(applied)).flatMap(({ sources }) => sources.map(placeOf)),
  );
  const added = categories.map(({ name, sources }) => ({
    name,
    sources: sources.filter((source) => !known.has(placeOf(source))),
  }));
  return { found, workspaces, applied, categories, added: added.filter(({ sources }) => sources.length > 0) };
}

function countSources(categories: readonly Category[]): number {
  return categories.reduce((total, { sources }) => total + sources.length, 0);
}

function placeOf({ name, path: place }: Source): string {
  return `${name}\0${place}`;
}

/** Whether the source may contain anything: its path exists, or, if it has patterns, a name in its folder could match. */
export function sourceExists(root: string, source: Source): boolean {
  const folder = toNative(root, source.path);
  if (source.include.length === 0) return fs.lstatSync(folder, { throwIfNoEntry: false }) !== undefined;
  const firstParts = source.include.map((pattern) => pattern.split('/')[0] ?? pattern);
  const matches = picomatch(firstParts, { dot: true });
  return namesIn(folder).some((name) => matches(name));
}

/** The folders of a project that may use a framework of their own. A folder with `.git` is another project, and no link is followed. */
function walk(root: string): LookedAt[] {
  const folders: LookedAt[] = [];
  const visit = (folder: string, depth: number): void => {
    const entries = entriesIn(path.join(root, folder));
    const names = entries.map(({ name }) => name);
    if (folder !== '.') {
      if (names.includes('.git')) return;
      folders.push({ folder, names });
    }
    if (depth === MAX_DEPTH) return;
    for (const entry of entries) {
      if (!entry.isDirectory() || entry.name.startsWith('.') || SKIPPED.has(entry.name)) continue;
      const child = folder === '.' ? entry.name : `${folder}/${entry.name}`;
      if (pathProblem(child) === null && forbiddenPart(child) === null) visit(child, depth + 1);
    }
  };
  visit('.', 0);
  return folders;
}

function entriesIn(folder: string): fs.Dirent[] {
  try {
    return fs.readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** A path by which a preset is found, ready to be looked for. */
interface Mark {
  readonly preset: Preset;
  /** True if it counts only in the project and its workspaces. */
  readonly isName: boolean;
  readonly parts: readonly Part[];
}
type Part = string | ((name: string) => boolean);

let compiled: readonly Mark[] | undefined;

function marks(): readonly Mark[] {
  compiled ??= PRESETS.flatMap((preset) =>
    [preset.foundBy.paths ?? [], preset.foundBy.names ?? []].flatMap((patterns, at) =>
      patterns.map((pattern) => ({ preset, isName: at === 1, parts: pattern.split('/').map(asPart) })),
    ),
  );
  return compiled;
}

function asPart(part: string): Part {
  return /[*{]/.test(part) ? picomatch(part, { dot: true }) : part;
}

/** @param isOwn whether the folder is the project or a workspace, where also dependencies and names that are common elsewhere count */
function foundIn(root: string, { folder, names }: LookedAt, isOwn: boolean): Found[] {
  const because = new Map<Preset, string>();
  const present = new Set(names);
  for (const { preset, isName, parts } of marks()) {
    if (because.has(preset) || (isName && !isOwn)) continue;
    const shown = pathLike(path.join(root, folder), present, parts);
    if (shown !== undefined) because.set(preset, shown);
  }
  if (isOwn && present.has('package.json')) {
    const used = dependencies(path.join(root, folder, 'package.json'));
    for (const preset of PRESETS) {
      const name = preset.foundBy.packages?.find((each) => used.has(each));
      if (name !== undefined && !because.has(preset)) because.set(preset, `${name} in package.json`);
    }
  }
  return PRESETS.flatMap((preset) => {
    const why = because.get(preset);
    return why === undefined ? [] : [{ preset: preset.name, folder, because: why }];
  });
}

/** The first path in a folder that is like these parts; undefined if there is none. */
function pathLike(folder: string, names: ReadonlySet<string>, parts: readonly Part[]): string | undefined {
  const [first, ...rest] = parts;
  if (first === undefined) return undefined;
  const candidates =
    typeof first === 'string' ? (names.has(first) ? [first] : []) : [...names].filter((name) => first(name));
  // If a hundred networks do not have it, the others do not either.
  for (const name of candidates.slice(0, MAX_CANDIDATES)) {
    if (rest.length === 0) return name;
    const inside = path.join(folder, name);
    const below = pathLike(inside, new Set(namesIn(inside)), rest);
    if (below !== undefined) return `${name}/${below}`;
  }
  return undefined;
}

function dependencies(packageFile: string): ReadonlySet<string> {
  const groups = Object.entries(objectIn(readSmall(packageFile))).filter(([key]) =>
    /^(dev|peer|optional)?dependencies$/i.test(key),
  );
  return new Set(
    groups.flatMap(([, group]) => (typeof group === 'object' && group !== null ? Object.keys(group) : [])),
  );
}
