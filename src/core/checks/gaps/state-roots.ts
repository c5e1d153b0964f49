import { comparePaths } from '../../model/entry.ts';
import { escapeGlob } from '../../paths/globs.ts';
import { parentOf } from '../../paths/paths.ts';
import type { FoundState, StateSearch } from './state-search.ts';

/** A file or folder that is state, or holds some, and that one source covers. */
export interface StateRoot extends Pick<FoundState, 'what' | 'category' | 'type' | 'external' | 'secret'> {
  /** Project-relative; `.` is the project itself. */
  readonly path: string;
  /** Globs of what in it is state; empty if all of it is. */
  readonly include: readonly string[];
  /** The databases and files that were found in it. */
  readonly count: number;
  readonly files: readonly string[];
  readonly bytes: number;
}

/** So much of a folder's content has to be state for the folder to be named in place of what is in it: a README beside it does not matter. */
const PURE = 0.8;
/** From so many files in one folder on, the folder is named. */
const MANY_IN_FOLDER = 8;
/** More roots than this are brought together, wherever they are. */
const MAX_ROOTS = 50;
const MAX_GLOBS = 20;

/** The roots of what was found, in the order of their paths: one folder in place of many files or databases in it. */
export function rootsOf({ found, files }: Pick<StateSearch, 'found' | 'files'>): StateRoot[] {
  const open = found.filter(({ secret }) => secret === null);
  const pure = pureFolders(open, files);
  const roots = merge(open, (state) => {
    // A folder that presets know is a root by itself.
    const isKnownFolder = state.type === 'files' && state.category !== 'databases' && state.root !== state.files[0];
    const folder = isKnownFolder ? undefined : outermost(pure, state.root);
    return folder === undefined ? placeOf(state) : { path: folder, include: [] };
  });
  const secrets = merge(
    found.filter(({ secret }) => secret !== null),
    placeOf,
  );
  return [...compress(byFolder(absorb(roots))), ...compress(byFolder(absorb(secrets)))].toSorted((a, b) =>
    comparePaths(a.path, b.path),
  );
}

interface Place {
  readonly path: string;
  readonly include: readonly string[];
}

function placeOf({ root, include }: Pick<FoundState, 'root' | 'include'>): Place {
  return { path: root, include: include === null ? [] : [include] };
}

/** Brings together what has the same place. */
function merge(found: readonly FoundState[], place: (state: FoundState) => Place): StateRoot[] {
  const at = (state: FoundState): string => `${state.secret}\0${place(state).path}`;
  return [...Map.groupBy(found, at).values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const all = group.map((state) => ({ ...state, ...place(state), count: 1 }));
    return together(all, place(first).path, [...new Set(all.flatMap(({ include }) => include))]);
  });
}

function together(group: readonly StateRoot[], path: string, include: readonly string[]): StateRoot[] {
  const [first] = group;
  if (first === undefined) return [];
  const whats = new Set(group.map(({ what }) => what));
  return [
    {
      path,
      // One of them takes everything.
      include: group.some((one) => one.path === path && one.include.length === 0) ? [] : include,
      what: whats.size === 1 ? first.what : [...whats].slice(0, 3).join(', '),
      category: first.category,
      type: group.length === 1 && first.path === path ? first.type : 'files',
      external: group.some(({ external }) => external),
      secret: first.secret,
      count: group.reduce((sum, { count }) => sum + count, 0),
      files: group.flatMap(({ files }) => files),
      bytes: group.reduce((sum, { bytes }) => sum + bytes, 0),
    },
  ];
}

/** The folders in which almost every file is state, and more than one. */
function pureFolders(found: readonly FoundState[], files: ReadonlyMap<string, number>): Set<string> {
  const all = sumsOf([...files]);
  const state = sumsOf(
    found.map((one) => [parentOf(one.files.length === 1 ? (one.files[0] ?? one.root) : one.root), 1]),
  );
  const several = [...state].filter(([folder, count]) => count > 1 && count >= PURE * (all.get(folder) ?? Infinity));
  return new Set(several.map(([folder]) => folder));
}

/** Adds to each folder what is in the folders below. The project itself is left out. */
function sumsOf(counts: readonly (readonly [string, number])[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [folder, count] of counts)
    for (let at = folder; at !== '.'; at = parentOf(at)) sums.set(at, (sums.get(at) ?? 0) + count);
  return sums;
}

function outermost(folders: ReadonlySet<string>, path: string): string | undefined {
  let found: string | undefined;
  for (let at = parentOf(path); at !== '.'; at = parentOf(at)) if (folders.has(at)) found = at;
  return found;
}

/** Takes roots that are inside of others into these. */
function absorb(roots: readonly StateRoot[]): StateRoot[] {
  const whole = new Set(
    roots.flatMap(({ path, include, files }) => (include.length === 0 && files[0] !== path ? path : [])),
  );
  const home = ({ path }: StateRoot): string => outermost(whole, path) ?? path;
  return [...Map.groupBy(roots, home)].flatMap(([path, group]) => {
    const own = group.find((root) => root.path === path);
    return own === undefined || group.length === 1
      ? group
      : together([own, ...group.filter((root) => root !== own)], path, []);
  });
}

/** Names a folder in place of many files right in it. */
function byFolder(roots: readonly StateRoot[]): StateRoot[] {
  const isFile = ({ files, path }: StateRoot): boolean => files.length === 1 && files[0] === path;
  const groups = Map.groupBy(roots.filter(isFile), ({ path, secret }) => `${secret}\0${parentOf(path)}`);
  const gathered = [...groups.values()].flatMap((group) => {
    const folder = parentOf(group[0]?.path ?? '.');
    return group.length < MANY_IN_FOLDER
      ? group
      : together(group, folder, globsOf(group.map(({ path }) => nameOf(path))));
  });
  return [...roots.filter((root) => !isFile(root)), ...gathered];
}

/** Brings too many roots together in the folders that they have in common. */
function compress(roots: readonly StateRoot[]): StateRoot[] {
  if (roots.length <= MAX_ROOTS) return [...roots];
  for (let depth = Math.max(...roots.map(({ path }) => path.split('/').length)) - 1; depth >= 0; depth--) {
    const above = (path: string): string => path.split('/').slice(0, depth).join('/') || '.';
    const groups = Map.groupBy(roots, ({ path, secret }) => `${secret}\0${above(path)}`);
    if (groups.size > MAX_ROOTS && depth > 0) continue;
    return [...groups.values()].flatMap((group) => {
      const [first] = group;
      if (first === undefined) return [];
      const folder = above(first.path);
      const globs = group.flatMap(({ path, include, files }) => {
        if (path === folder) return include.length > 0 ? include : ['**'];
        const name = `**/${nameOf(path)}`;
        if (files.length === 1 && files[0] === path) return [name];
        return include.length > 0 ? include.map((glob) => `${name}/${glob}`) : [`${name}/**`];
      });
      return group.length === 1 ? group : together(group, folder, globsOf(globs));
    });
  }
  return [...roots];
}

/** Globs that match these names; if there are many, by their endings. Names are escaped where a glob would read them otherwise. */
function globsOf(globs: readonly string[]): string[] {
  const once = [...new Set(globs)];
  if (once.length <= MAX_GLOBS) return once;
  const endings = once.map((glob) => (glob.endsWith('/**') ? '**' : `**/*${/\.[^./]+$/.exec(glob)?.[0] ?? ''}`));
  return [...new Set(endings)];
}

/** The last part of a path, as a glob. */
function nameOf(path: string): string {
  return escapeGlob(path.slice(path.lastIndexOf('/') + 1));
}
