import fs from 'node:fs';
import path from 'node:path';
import picomatch from 'picomatch';
import { escapeName } from '../paths/names.ts';
import { joined, STATE_FOLDER } from '../paths/paths.ts';
import { errnoOf } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { Finding } from '../model/finding.ts';
import { plural } from '../model/plural.ts';
import { recogniseFile, recogniseFolder } from '../databases/engines.ts';
import { foreignDatabase } from '../databases/others.ts';
import type { Ownership } from '../scan/ownership.ts';

/** Folders that are never searched: dependencies and version control. */
const FOREIGN = new Set(['node_modules', '.git', '.hg', '.svn', '.jj', STATE_FOLDER, '.yarn', '.pnpm-store']);

/** Folders of build output, caches and vendored code, which can be made again, whatever their files are called. A database in them still counts. */
const REBUILT = new Set(
  ['artifacts', 'artifacts-zk', 'cache', 'cache-zk', 'cache_forge', '.cache', 'typechain', 'typechain-types'].concat([
    'dist',
    'build',
    'out',
    'lib',
    'coverage',
    'crytic-export',
    '.next',
    '.turbo',
  ]),
);

/** Whether a folder of this name is never searched. */
export function isForeignFolder(name: string): boolean {
  return FOREIGN.has(name);
}

/** Whether a folder of this name holds what can be made again. */
export function isRebuiltFolder(name: string): boolean {
  return REBUILT.has(name);
}

/** Kinds of state, recognised by name. Somebody has once lost each of them. */
const STATE_KINDS: readonly { readonly kind: string; readonly pattern: string }[] = [
  { kind: 'OpenZeppelin proxy manifests', pattern: '**/.openzeppelin/*.json' },
  { kind: 'Ignition deployments', pattern: '**/ignition/deployments/**' },
  { kind: 'Foundry broadcasts', pattern: '**/broadcast/**/*.json' },
  { kind: 'deployment records', pattern: '**/deployments*/**' },
  { kind: 'deployment records', pattern: '**/{deployments,deployment,addresses,registry,contracts}*.json' },
  { kind: 'a database file', pattern: '**/*.{sqlite,sqlite3,db}' },
];

/** How deep a project is searched for state that nothing covers. */
const MAX_DEPTH = 8;

interface Gap {
  readonly kind: string;
  readonly paths: string[];
  bytes: number;
}

/**
 * State on disk that is in no category: all databases, and files with the names in STATE_KINDS. It is grouped by kind and folder, and `affects` lists every file.
 */
export function coverageFindings(project: Project, ownership: Ownership): Finding[] {
  const ignore = project.config.ignore.map((pattern) => pattern.replace(/\/+$/, ''));
  const ignored = ignore.length === 0 ? () => false : picomatch(ignore, { dot: true });
  const kinds = STATE_KINDS.map(({ kind, pattern }) => ({
    kind,
    matches: picomatch(pattern, { dot: true, nocase: true }),
  }));
  const gaps = new Map<string, Gap>();
  const add = (key: string, kind: string, file: string, bytes: number): void => {
    const gap = gaps.get(key) ?? { kind, paths: [], bytes: 0 };
    gap.paths.push(file);
    gap.bytes += bytes;
    gaps.set(key, gap);
  };

  const visit = (relative: string, native: string, depth: number, rebuilt: boolean): void => {
    if (ownership.takesAllIn(relative)) return;
    const entries = list(native);
    const names = entries.map((entry) => entry.name);
    const engine = relative === '' ? null : recogniseFolder(native, names);
    const kind = engine?.title ?? foreignDatabase(native, names)?.title;
    if (kind !== undefined && relative !== '') {
      const inside = joined(relative, engine?.marker ?? names[0] ?? '');
      if (ownership.ownerOf(inside) === undefined) add(relative, kind, relative, folderBytes(native, entries));
      return;
    }
    for (const entry of entries) {
      const child = relative === '' ? entry.name : `${relative}/${entry.name}`;
      const full = path.join(native, entry.name);
      if (full === project.repository || ignored(child)) continue;
      if (entry.isDirectory()) {
        if (depth >= MAX_DEPTH || FOREIGN.has(entry.name)) continue;
        visit(child, full, depth + 1, rebuilt || REBUILT.has(entry.name));
      } else if (entry.isFile() && ownership.ownerOf(child) === undefined) {
        const size = sizeOf(full);
        const database = recogniseFile(full, size)?.title;
        const found = database ?? (rebuilt ? undefined : kinds.find(({ matches }) => matches(child))?.kind);
        if (found !== undefined) add(database === undefined ? topFolder(child) : child, found, child, size);
      }
    }
  };
  visit('', project.root, 0, false);
  return [...gaps].map(([key, gap]) => finding(key, gap));
}

function finding(key: string, { kind, paths, bytes }: Gap): Finding {
  const files = paths.length === 1 ? '' : `, ${plural(paths.length, 'file')}`;
  return {
    code: 'not-covered',
    severity: 'warning',
    message: `not covered: ${escapeName(paths.length === 1 ? (paths[0] ?? key) : key)} (${kind}${files}, ${bytes} bytes)`,
    path: key,
    evidence: { kind, files: paths.length, bytes },
    affects: paths,
    recommendation: `Add ${escapeName(key)} to a category, or ignore it in migbackup.config.json.`,
  };
}

function topFolder(relative: string): string {
  const slash = relative.lastIndexOf('/');
  return slash < 0 ? relative : relative.slice(0, slash);
}

function list(folder: string): fs.Dirent[] {
  try {
    return fs.readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function folderBytes(folder: string, entries: readonly fs.Dirent[]): number {
  return entries.reduce((total, entry) => total + (entry.isFile() ? sizeOf(path.join(folder, entry.name)) : 0), 0);
}

/** The size of a file; 0 also if this user may not examine it. */
function sizeOf(file: string): number {
  try {
    return fs.lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return 0;
  }
}
