import fs from 'node:fs';
import path from 'node:path';
import picomatch from 'picomatch';
import { namesIn } from '../fs/names-in.ts';
import { toNative } from '../paths/paths.ts';
import type { Category, Source } from '../model/category.ts';
import { presetCategories } from './preset.ts';
import { findWorkspaces } from './workspaces.ts';

/** Longest name that a config accepts. */
const MAX_NAME = 63;

export interface Detection {
  /** The preset's categories, those of the workspaces included. */
  readonly categories: readonly Category[];
  /** What of them the preset does not say by itself, so that a config has to. */
  readonly added: readonly Category[];
  /** Project-relative folders. */
  readonly workspaces: readonly string[];
}

/** The preset, and what of it stands in a workspace, which the preset does not look into. */
export function detect(root: string, env: NodeJS.ProcessEnv): Detection {
  const workspaces = findWorkspaces(root);
  const members = workspaces.map((folder) => workspaceCategories(root, folder, env));
  // Without the environment: the next shell may not name the place that this one names.
  const known = new Set(presetCategories(root, {}).flatMap(({ sources }) => sources.map(placeOf)));
  const categories = presetCategories(root, env).map((category) => {
    const theirs = members.flatMap((all) => all.find(({ name }) => name === category.name)?.sources ?? []);
    return { name: category.name, sources: withUniqueNames([...category.sources, ...theirs]) };
  });
  const added = categories.map(({ name, sources }) => ({
    name,
    sources: sources.filter((source) => !known.has(placeOf(source))),
  }));
  return { categories, added: added.filter(({ sources }) => sources.length > 0), workspaces };
}

function placeOf({ name, path: place }: Source): string {
  return `${name}\0${place}`;
}

/** Whether anything is where the source points: its path, or with patterns a name in its folder that could match. */
export function sourceExists(root: string, source: Source): boolean {
  const folder = toNative(root, source.path);
  if (source.include.length === 0) return fs.lstatSync(folder, { throwIfNoEntry: false }) !== undefined;
  const firstParts = source.include.map((pattern) => pattern.split('/')[0] ?? pattern);
  const matches = picomatch(firstParts, { dot: true });
  return namesIn(folder).some((name) => matches(name));
}

function workspaceCategories(root: string, folder: string, env: NodeJS.ProcessEnv): Category[] {
  const prefix =
    folder
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-|-$/g, '') || 'workspace';
  return presetCategories(path.join(root, folder), env).map(({ name, sources }) => ({
    name,
    sources: sources
      .map((source) => ({
        ...source,
        name: `${prefix}-${source.name}`,
        path: source.path === '.' ? folder : `${folder}/${source.path}`,
      }))
      .filter((source) => sourceExists(root, source)),
  }));
}

/** Cuts long names and numbers those that are taken: two workspaces may differ in nothing but a dot. */
function withUniqueNames(sources: readonly Source[]): Source[] {
  const taken = new Set<string>();
  return sources.map((source) => {
    let name = source.name.slice(-MAX_NAME).replace(/^-+/, '');
    for (let number = 2; taken.has(name); number++) name = `${number}-${source.name.slice(-(MAX_NAME - 5))}`;
    taken.add(name);
    return { ...source, name };
  });
}
