import fs from 'node:fs';
import path from 'node:path';
import picomatch from 'picomatch';
import { globProblem } from '../paths/globs.ts';

/** How deep `**` in a workspace pattern is followed. */
const MAX_DEPTH = 5;

/**
 * The workspace folders of a project, project-relative and sorted: the folders that `workspaces` in package.json (npm, yarn, bun) or
 * pnpm-workspace.yaml names and that have a package.json of their own.
 */
export function findWorkspaces(root: string): string[] {
  const patterns = [...packagePatterns(root), ...pnpmPatterns(root)]
    .map((pattern) => trim(pattern))
    .filter((pattern) => globProblem(pattern) === null);
  const positive = patterns.filter((pattern) => !pattern.startsWith('!') && pattern !== '');
  if (positive.length === 0) return [];
  const negative = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => trim(pattern.slice(1)));
  const wanted = picomatch(positive, negative.length === 0 ? {} : { ignore: negative });
  const depth = Math.max(
    ...positive.map((pattern) => (pattern.includes('**') ? MAX_DEPTH : pattern.split('/').length)),
  );
  return foldersBelow(root, '', depth)
    .filter((folder) => wanted(folder) && fs.existsSync(path.join(root, folder, 'package.json')))
    .toSorted();
}

function trim(pattern: string): string {
  return pattern.replace(/^\.\//, '').replace(/\/+$/, '');
}

function packagePatterns(root: string): string[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8').replace(/^\uFEFF/, ''));
  } catch {
    return [];
  }
  if (typeof parsed !== 'object' || parsed === null || !('workspaces' in parsed)) return [];
  const { workspaces } = parsed;
  if (Array.isArray(workspaces)) return onlyStrings(workspaces);
  if (typeof workspaces !== 'object' || workspaces === null || !('packages' in workspaces)) return [];
  return Array.isArray(workspaces.packages) ? onlyStrings(workspaces.packages) : [];
}

function onlyStrings(values: readonly unknown[]): string[] {
  return values.filter((value) => typeof value === 'string');
}

/** The list below `packages:`. It is a flat list of strings in every real file, so no YAML parser is needed. */
function pnpmPatterns(root: string): string[] {
  let text: string;
  try {
    text = fs.readFileSync(path.join(root, 'pnpm-workspace.yaml'), 'utf8');
  } catch {
    return [];
  }
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

function foldersBelow(root: string, relative: string, depth: number): string[] {
  if (depth === 0) return [];
  let entries: fs.Dirent[];
  try {
    entries = fs.readdirSync(path.join(root, relative), { withFileTypes: true });
  } catch {
    return [];
  }
  return entries
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.'))
    .map((entry) => (relative === '' ? entry.name : `${relative}/${entry.name}`))
    .flatMap((folder) => [folder, ...foldersBelow(root, folder, depth - 1)]);
}
