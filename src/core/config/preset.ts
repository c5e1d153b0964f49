import path from 'node:path';
import { isDatabaseFolder } from '../model/engine-name.ts';
import { STATE_FOLDER } from '../paths/paths.ts';
import type { Category, Source } from '../model/category.ts';
import { PRESETS } from './presets/all-presets.ts';
import type { Preset, PresetPlace } from './presets/preset.ts';
import { readSmall } from './read-small.ts';

/** The categories of presets in their order, which decides whose a file is that two sources of one depth match. */
const CATEGORIES = [
  'leveldb',
  'legacy-json',
  'unified-json',
  'configs',
  'scripts',
  'docs',
  'proxies',
  'ignition',
  'foundry',
  'registries',
  'databases',
  'keys',
];

/** The longest name that a config accepts. */
const MAX_NAME = 63;

/** Where presets apply: names of presets, each with project-relative folders, `.` for the project itself. */
export type Applied = ReadonlyMap<string, readonly string[]>;

/** What is covered without a config file: what any preset knows, in the project itself. Only what exists is stored. */
export const EVERY_PRESET: Applied = new Map(PRESETS.map(({ name }) => [name, ['.']]));

/** Where presets apply, with all of them in the project itself. */
export function withEveryPreset(applied: Applied): Applied {
  return new Map([...EVERY_PRESET].map(([name, own]) => [name, [...new Set([...own, ...(applied.get(name) ?? [])])]]));
}

/** What presets cover in the folders where they apply. A place that several presets know is one source, and a folder belongs to one. */
export function presetCategories(root: string, env: NodeJS.ProcessEnv, applied: Applied = EVERY_PRESET): Category[] {
  const folders = [...new Set([...applied.values()].flat())].toSorted();
  const sources = folders.flatMap((folder) => {
    const here = PRESETS.filter(({ name }) => applied.get(name)?.includes(folder) === true);
    return sourcesIn(root, folder, here, env);
  });
  return CATEGORIES.map((name) => ({
    name,
    sources: withUniqueNames(sources.filter(({ category }) => category === name)),
  })).filter((category) => category.sources.length > 0);
}

/** What these presets cover in one folder. */
function sourcesIn(root: string, folder: string, presets: readonly Preset[], env: NodeJS.ProcessEnv): Source[] {
  const merged = new Map<string, Source>();
  for (const place of presets.flatMap((preset) => placesOf(preset))) {
    const source = sourceAt(root, folder, place, env);
    const key = `${source.category}/${source.name}`;
    const known = merged.get(key);
    merged.set(key, known === undefined ? source : { ...known, include: union(known.include, source.include) });
  }
  return withoutTwins([...merged.values()]);
}

/** The places of a preset, with its configuration as one of them. */
export function placesOf({ configs, places }: Preset): readonly PresetPlace[] {
  if (configs === undefined) return places;
  return [
    { category: 'configs', source: 'files', path: '.', include: configs, what: 'configuration and lock files' },
    ...places,
  ];
}

/** A setting may move one place to another one. That folder then belongs to what is external, otherwise to the first one. */
function withoutTwins(sources: readonly Source[]): Source[] {
  const whole = sources.filter(({ include }) => include.length === 0);
  return sources.filter((source) => {
    if (source.include.length > 0) return true;
    const twins = whole.filter((other) => other.path === source.path);
    return (twins.find(({ external }) => external) ?? twins[0]) === source;
  });
}

function union(one: readonly string[], other: readonly string[]): string[] {
  return [...new Set([...one, ...other])];
}

function sourceAt(root: string, folder: string, place: PresetPlace, env: NodeJS.ProcessEnv): Source {
  const type = place.type ?? 'files';
  const inFolder = movedPath(path.join(root, folder), place, env);
  const isHere = folder === '.';
  return {
    category: place.category,
    name: isHere ? place.source : `${slug(folder)}-${place.source}`,
    path: isHere ? inFolder : inFolder === '.' ? folder : `${folder}/${inFolder}`,
    type,
    include: place.include ?? [],
    exclude: [],
    required: false,
    exclusive: isDatabaseFolder(type),
    external: place.external ?? false,
  };
}

function slug(folder: string): string {
  const words = folder.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return words.replaceAll(/^-|-$/g, '') || 'workspace';
}

/** Cuts long names and numbers duplicates, because two workspaces may differ only in a dot. */
function withUniqueNames(sources: readonly Source[]): Source[] {
  const taken = new Set<string>();
  return sources.map((source) => {
    let name = source.name.slice(-MAX_NAME).replace(/^-+/, '');
    for (let number = 2; taken.has(name); number++) name = `${number}-${source.name.slice(-(MAX_NAME - 5))}`;
    taken.add(name);
    return { ...source, name };
  });
}

/** The path that another tool's setting names, if it is in the folder; otherwise the usual one. */
function movedPath(folder: string, { path: usual, movedBy }: PresetPlace, env: NodeJS.ProcessEnv): string {
  if (movedBy === undefined) return usual;
  const setting = 'variable' in movedBy ? env[movedBy.variable] : readSetting(folder, movedBy);
  if (setting === undefined || setting === '') return usual;
  const native = path.relative(folder, path.resolve(folder, setting));
  const normal = native.split(path.sep).join('/');
  const isOutside = path.isAbsolute(native) || normal === '' || normal === '..' || normal.startsWith('../');
  return isOutside || TAKEN.has(normal.split('/')[0] ?? '') ? usual : normal;
}

/** Folders that no setting of another tool moves state to: ours, those of git and of packages, and the place of a database. */
const TAKEN: ReadonlySet<string> = new Set(['backups', STATE_FOLDER, '.git', 'node_modules', 'leveldb']);

/** `key = "…"` of a TOML file, `key: '…'` of a script. Reading one line is enough, because the value is a plain string there. Any other form is not understood. */
function readSetting(folder: string, { files, key }: { files: readonly string[]; key: string }): string | undefined {
  for (const name of files) {
    const text = readSmall(path.join(folder, name));
    // Only blanks: a class that takes line ends too would look at the rest of the file once for each line.
    const value = new RegExp(`^[ \\t]*${key}[ \\t]*[=:][ \\t]*["']([^"'\\n]+)["']`, 'm').exec(text)?.[1];
    if (value !== undefined) return value;
  }
  return undefined;
}

/**
 * Project-relative paths of files that may hold keys or passwords, in upper or lower case. They are left out unless `includeSecrets` is set, and a
 * finding says either. `.env.example`, `.env.sample` and `.env.template` never count as secrets.
 */
export const DEFAULT_SECRETS: readonly string[] = PRESETS.flatMap(({ secrets = [] }) =>
  secrets.map(({ pattern }) => pattern),
);
