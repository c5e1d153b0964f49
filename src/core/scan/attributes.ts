import fs from 'node:fs';
import { lstatOrNull } from '../fs/durable.ts';
import { PathSet } from '../paths/path-set.ts';
import { assertRealParents, foldKey, parentOf, STATE_FOLDER, toNative } from '../paths/paths.ts';
import type { Category, Project, Source } from '../model/category.ts';
import { comparePaths } from '../model/entry.ts';
import type { Finding } from '../model/finding.ts';
import { askTools, type AttributeKind } from './attribute-tools.ts';
import type { Ownership } from './ownership.ts';
import type { SourcePatterns } from './source-patterns.ts';
import { selectByName } from './terms.ts';

/** The attributes of files that no backup keeps. */
export interface Attributes {
  /** Project-relative paths of what the categories take. */
  readonly found: ReadonlyMap<AttributeKind | 'hard links', readonly string[]>;
  /** What the owning group may do (0 to 7), by path; only for paths with an ACL. */
  readonly groupRights: ReadonlyMap<string, number>;
  /** Paths of what the categories take that nobody may rename or remove, because they are immutable or append-only. Empty if flags are not looked for. */
  readonly fixed: readonly string[];
  readonly notLookedAt: AttributeKind[];
}

export interface LookOptions {
  readonly ownership: Ownership;
  /** Whether to look for the flags of files, too. That takes longer, because every file is opened. */
  readonly flags: boolean;
}

/** Looks for ACLs, extended attributes and flags of what the categories take, with the tools of the system. It never rejects because a tool fails. */
export async function lookAtAttributes(
  project: Project,
  categories: readonly Category[],
  { ownership, flags }: LookOptions,
): Promise<Attributes> {
  const chosen = new Set(categories.map(({ name }) => name));
  const isSelected = selectByName(project.config.only, project.config.categories);
  const isTaken = (path: string): boolean => {
    const owner = ownership.ownerOf(path) ?? ownership.folderOwnerOf(path);
    const place = owner && { category: owner.category, source: owner.name, path };
    return place !== undefined && chosen.has(place.category) && isSelected(place);
  };
  const sources = categories.flatMap((category) => category.sources);
  const tops = new Set(sources.flatMap((source) => topsOf(project, source, ownership)));
  const all = new PathSet(tops);
  const places = [...tops].filter((path) => !all.covers(parentOf(path)));
  const answer = await askTools(project.root, places, flags);
  const found = Map.groupBy(
    answer.found.filter(({ path }) => isTaken(path)),
    ({ kind }) => kind,
  );
  return {
    found: new Map([...found].map(([kind, all]) => [kind, all.map(({ path }) => path)])),
    groupRights: answer.groupRights,
    fixed: answer.fixed.filter(isTaken),
    notLookedAt: answer.notLookedAt,
  };
}

/**
 * The paths at and below which a source has everything that it takes. For a source with patterns these are the names in its folder that the patterns
 * could match.
 */
function topsOf({ root, repository }: Project, source: Source, ownership: Ownership): string[] {
  try {
    assertRealParents(root, source.path);
    const native = toNative(root, source.path);
    const stat = lstatOrNull(native);
    if (stat === null || stat.isSymbolicLink()) return [];
    const patterns = ownership.patternsOf(source);
    if (source.path !== '.' && !patterns.hasInclude) return [source.path];
    return fs
      .readdirSync(native, { withFileTypes: true })
      .filter((entry) => (entry.isDirectory() ? mayHold(patterns, entry.name) : patterns.match(entry.name) !== null))
      .map(({ name }) => (source.path === '.' ? name : `${source.path}/${name}`))
      .filter((path) => toNative(root, path) !== repository && foldKey(path) !== STATE_FOLDER);
  } catch {
    // The scan reports what is wrong with this source.
    return [];
  }
}

function mayHold(patterns: SourcePatterns, folder: string): boolean {
  return patterns.mayContain(folder) && !patterns.excludes(folder);
}

/** One finding for all of them, or none. */
export function attributesNotKept(found: Attributes['found']): Finding[] {
  const kinds = [...found].filter(([, paths]) => paths.length > 0);
  if (kinds.length === 0) return [];
  const said = kinds.map(([kind, paths]) => `${paths.length} with ${kind}`).join(', ');
  return [
    {
      code: 'attributes-not-kept',
      severity: 'info',
      message: `no backup keeps what some files and folders have: ${said}`,
      evidence: Object.fromEntries(kinds.map(([kind, paths]) => [kind, paths.length])),
      affects: [...new Set(kinds.flatMap(([, paths]) => paths))].toSorted(comparePaths),
      recommendation: 'If it matters, set it again yourself after a restore (setfacl, setfattr, chattr, ln).',
    },
  ];
}
