import fs from 'node:fs';
import path from 'node:path';
import picomatch from 'picomatch';
import { globProblem } from '../paths/globs.ts';
import { forbiddenPart, pathProblem } from '../paths/paths.ts';
import { readSmall } from './read-small.ts';

/** How deep `**` in a workspace pattern is followed. */
const MAX_DEPTH = 5;

/** Ten times what the largest monorepos have. State in further ones is found as what no category holds. */
const MAX_WORKSPACES = 2000;

/** A folder that was looked at, with the names in it. */
export interface LookedAt {
  /** Project-relative; `.` for the project itself. */
  readonly folder: string;
  readonly names: readonly string[];
}

/** One way in which a project declares workspaces: patterns of folders, and the file that each of these folders has. */
interface Declaration {
  readonly patterns: readonly string[];
  readonly has: string;
}

/**
 * The workspaces of a project, project-relative and sorted: the folders that package.json (npm, yarn, bun, and so turbo), pnpm-workspace.yaml, lerna.json,
 * Cargo.toml, pyproject.toml (uv) or Nx name, each with the file that makes it one. Links are not followed.
 * @param walked folders of the project, in which those with a project.json are projects of Nx
 */
export function findWorkspaces(root: string, walked: readonly LookedAt[] = []): string[] {
  const declared = declarationsOf(root).flatMap((each) => foldersOf(root, each));
  const nx = fs.existsSync(path.join(root, 'nx.json'))
    ? walked.filter(({ folder, names }) => folder !== '.' && names.includes('project.json'))
    : [];
  return [...new Set([...declared, ...nx.map(({ folder }) => folder)])].toSorted().slice(0, MAX_WORKSPACES);
}

function declarationsOf(root: string): Declaration[] {
  const read = (name: string): string => readSmall(path.join(root, name));
  const packages = objectIn(read('package.json'));
  const workspaces = packages['workspaces'];
  const lerna = objectIn(read('lerna.json'));
  return [
    { patterns: strings(workspaces), has: 'package.json' },
    { patterns: strings(asObject(workspaces)['packages']), has: 'package.json' },
    { patterns: pnpmPatterns(read('pnpm-workspace.yaml')), has: 'package.json' },
    { patterns: strings(lerna['packages']), has: 'package.json' },
    { patterns: tomlPatterns(read('Cargo.toml'), 'workspace'), has: 'Cargo.toml' },
    { patterns: tomlPatterns(read('pyproject.toml'), 'tool.uv.workspace'), has: 'pyproject.toml' },
  ];
}

function foldersOf(root: string, { patterns, has }: Declaration): string[] {
  const usable = patterns.map((pattern) => trim(pattern)).filter((pattern) => globProblem(pattern) === null);
  const negative = usable.filter((pattern) => pattern.startsWith('!')).map((pattern) => trim(pattern.slice(1)));
  const positive = usable.filter((pattern) => !pattern.startsWith('!') && isBelow(pattern));
  return positive.flatMap((pattern) => {
    const wanted = picomatch(pattern, negative.length === 0 ? {} : { ignore: negative });
    const { base } = picomatch.scan(pattern);
    const levels = pattern.split('/').length - (base === '' ? 0 : base.split('/').length);
    return foldersBelow(root, base, pattern.includes('**') ? MAX_DEPTH : levels).filter(
      (folder) => wanted(folder) && isUsable(folder) && fs.existsSync(path.join(root, folder, has)),
    );
  });
}

function trim(pattern: string): string {
  return pattern.replace(/^\.\//, '').replace(/\/+$/, '');
}

/** Whether a pattern stays in the project. `.` is the project itself, which is no workspace of it. */
function isBelow(pattern: string): boolean {
  return pattern !== '.' && !pattern.startsWith('/') && !pattern.split('/').includes('..');
}

function isUsable(folder: string): boolean {
  return pathProblem(folder) === null && forbiddenPart(folder) === null;
}

/** A folder and those below it, down to some depth. Empty if it is no folder, or a link is on the way to it. */
function foldersBelow(root: string, base: string, depth: number): string[] {
  const parts = base === '' ? [] : base.split('/');
  const isReal = parts.every(
    (_, at) =>
      fs.lstatSync(path.join(root, ...parts.slice(0, at + 1)), { throwIfNoEntry: false })?.isDirectory() === true,
  );
  if (!isReal) return [];
  const below = subfolders(root, base).flatMap((folder) =>
    depth > 0 ? [folder, ...deeper(root, folder, depth - 1)] : [],
  );
  return base === '' ? below : [base, ...below];
}

function deeper(root: string, folder: string, depth: number): string[] {
  if (depth === 0) return [];
  return subfolders(root, folder).flatMap((child) => [child, ...deeper(root, child, depth - 1)]);
}

function subfolders(root: string, folder: string): string[] {
  let entries: fs.Dirent[];
  try {
    entries = fs.readdirSync(path.join(root, folder), { withFileTypes: true });
  } catch {
    return [];
  }
  return entries
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.'))
    .map((entry) => (folder === '' ? entry.name : `${folder}/${entry.name}`));
}

/** The object in a JSON text; empty if it is anything else. */
export function objectIn(text: string): Record<string, unknown> {
  try {
    return asObject(JSON.parse(text.replace(/^\uFEFF/, '')));
  } catch {
    return {};
  }
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

/** The list below `packages:`. It is a flat list of strings in every real file, so no YAML parser is needed. */
function pnpmPatterns(text: string): string[] {
  const patterns: string[] = [];
  let within = false;
  for (const line of text.split(/\r?\n/)) {
    if (/^packages\s*:/.test(line)) within = true;
    else if (/^[^\s#-]/.test(line)) within = false;
    const item = within ? /^\s*-\s*(?:'([^']+)'|"([^"]+)"|([^#\s]+))/.exec(line) : null;
    const pattern = item?.[1] ?? item?.[2] ?? item?.[3];
    if (pattern !== undefined) patterns.push(pattern);
  }
  return patterns;
}

/** `members` of a table, and `exclude` as patterns with `!`. They are lists of plain strings in every real file, so no TOML parser is needed. */
function tomlPatterns(text: string, table: string): string[] {
  const lines = text.split(/\r?\n/);
  const first = lines.findIndex((line) => line.replace(/#.*/, '').trim() === `[${table}]`);
  if (first < 0) return [];
  const rest = lines.slice(first + 1);
  const end = rest.findIndex((line) => /^\s*\[[^[\]"',]+\]\s*(#.*)?$/.test(line));
  const body = rest.slice(0, end < 0 ? undefined : end).join('\n');
  return [...tomlStrings(body, 'members'), ...tomlStrings(body, 'exclude').map((pattern) => `!${pattern}`)];
}

function tomlStrings(body: string, key: string): string[] {
  const list = new RegExp(`^[ \\t]*${key}[ \\t]*=[ \\t]*\\[`, 'm').exec(body);
  if (list === null) return [];
  const found: string[] = [];
  // Strings, comments, and the bracket that ends the list.
  for (const token of body.slice(list.index + list[0].length).matchAll(/"([^"\n]*)"|'([^'\n]*)'|#[^\n]*|\]/g)) {
    if (token[0] === ']') break;
    const text = token[1] ?? token[2];
    if (text !== undefined) found.push(text);
  }
  return found;
}
