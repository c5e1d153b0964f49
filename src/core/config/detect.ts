import fs from 'node:fs';
import path from 'node:path';
import picomatch from 'picomatch';
import { namesIn } from '../fs/names-in.ts';
import { toNative } from '../paths/paths.ts';
import type { Category, Source } from '../model/category.ts';
import { presetCategories } from './preset.ts';
import { findWorkspaces } from './workspaces.ts';

/** The longest name that a config accepts. */
const MAX_NAME = 63;

export interface Detection {
  /** The preset's categories, including those of the workspaces. */
  readonly categories: readonly Category[];
  /** The part of them that is not in the preset, so that a config has to name it. */
  readonly added: readonly Category[];
  /** Project-relative folders. */
  readonly workspaces: readonly string[];
}

/** The preset, and its places in workspaces, where the preset itself does not look. */
export function detect(root: string, env: NodeJS.ProcessEnv): Detection {
  const workspaces = findWorkspaces(root);
  const members = workspaces.map((folder) => workspaceCategories(root, folder, env));
  // The environment is ignored here, because the next shell may have another one.
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

/** Whether the source may contain anything: its path exists, or, if it has patterns, a name in its folder could match. */
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
