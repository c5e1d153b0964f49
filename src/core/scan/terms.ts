import picomatch from 'picomatch';
import { globProblem } from '../paths/globs.ts';
import { escapeName, shorten } from '../paths/names.ts';
import { isInside } from '../paths/paths.ts';
import { engineOf, partNames, type DatabaseAt } from '../databases/engines.ts';
import { BackupError } from '../model/backup-error.ts';
import { ENGINES } from '../model/engine-name.ts';
import type { ScannedEntry } from '../model/entry.ts';
import type { Manifest } from '../model/manifest.ts';

/** Terms that stand for several categories, unless a category has that name. */
const GROUPS: ReadonlyMap<string, readonly string[]> = new Map([['json', ['legacy-json', 'unified-json']]]);

/** A category of a config or of a manifest, with the names of its sources. */
export interface Named {
  readonly name: string;
  readonly sources: readonly { readonly name: string }[];
}

export type Place = Pick<ScannedEntry, 'category' | 'source' | 'path'>;
export type EntryFilter = (entry: Place) => boolean;

/**
 * The categories and sources that a term may name in a backup: those that it holds, those of its config that it does not hold, and sources that only
 * a finding mentions.
 */
export function namedIn({ config, categories, findings }: Manifest): Named[] {
  const all = { ...categories, ...config.categories };
  return Object.entries(all).map(([name, { sources }]) => ({
    name,
    sources: [
      ...sources,
      ...findings.flatMap(({ category, source }) =>
        category === name && source !== undefined ? [{ name: source }] : [],
      ),
    ],
  }));
}

/** The categories that a term names: the one with that name, otherwise a group. */
function categoriesNamed(term: string, categories: readonly Named[]): readonly string[] {
  const known = new Set(categories.map(({ name }) => name));
  if (known.has(term)) return [term];
  return (GROUPS.get(term) ?? []).filter((name) => known.has(name));
}

/** Whether a term names categories or a source. Then it is not a path. */
export function isName(term: string, categories: readonly Named[]): boolean {
  return (
    categoriesNamed(term, categories).length > 0 ||
    categories.some(({ name, sources }) => sources.some((source) => `${name}/${source.name}` === term))
  );
}

/**
 * The entries that `--only` terms select. A term is the first of these that fits: a category (`json` means both JSON categories unless one has that
 * name), `category/source`, a project-relative path with everything below it, a glob on such paths. `./x` is always a path. Without terms, everything
 * is selected. Throws USAGE for a glob that is refused.
 * @param databases the known databases. A term that selects one that is a file, or a part of it, selects all of it. A term that selects the folder of
 * one selects everything in it
 */
export function selectEntries(
  terms: readonly string[] | undefined,
  categories: readonly Named[] = [],
  databases: readonly DatabaseAt[] = [],
): EntryFilter {
  if (terms === undefined || terms.length === 0) return () => true;
  const filters = terms.map((term) => termFilter(term, categories));
  const known = new Map(databases.map(({ path, engine }) => [path, engineOf(engine)]));
  const together = (path: string): string[] => {
    const file = known.has(path) ? path : partNames(path).find(({ database }) => known.has(database))?.database;
    const engine = file === undefined ? undefined : known.get(file);
    if (file !== undefined && engine?.shape === 'file')
      return (engine.parts ?? []).map((part) => engine.pathOf(file, part));
    return [path, ...foldersAbove(path).filter((folder) => known.get(folder)?.shape === 'folder')];
  };
  return (entry) => {
    const paths = known.size === 0 ? [entry.path] : together(entry.path);
    return filters.some((filter) => paths.some((path) => filter({ ...entry, path })));
  };
}

/** The same if the databases are not known: a file is selected together with the files that, by their names, would be its database or parts of it. */
export function selectByName(terms: readonly string[] | undefined, categories: readonly Named[]): EntryFilter {
  const has = selectEntries(terms, categories);
  const engines = ENGINES.map(engineOf);
  return (entry) =>
    has(entry) ||
    [entry.path, ...partNames(entry.path).map(({ database }) => database)].some((file) =>
      engines.some((engine) => (engine.parts ?? []).some((part) => has({ ...entry, path: engine.pathOf(file, part) }))),
    );
}

/** Whether something at or below a place may be selected: a finding about a folder may be about something in it. */
export function mayHold(terms: readonly string[], categories: readonly Named[]): EntryFilter {
  const has = selectByName(terms, categories);
  const paths = terms.filter((term) => !isName(term, categories)).map(pathOf);
  return (place) => has(place) || paths.some((path) => isGlob(path) || isInside(path, place.path));
}

/** Whether a term has a wildcard in it. */
export function isGlob(term: string): boolean {
  return picomatch.scan(term).isGlob;
}

function foldersAbove(path: string): string[] {
  const folders: string[] = [];
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) folders.push(path.slice(0, at));
  return folders;
}

function pathOf(term: string): string {
  return term.replace(/^\.\//, '').replace(/\/+$/, '');
}

function termFilter(term: string, categories: readonly Named[]): EntryFilter {
  const named = categoriesNamed(term, categories);
  if (named.length > 0) return (entry) => named.includes(entry.category);
  if (isName(term, categories)) return (entry) => `${entry.category}/${entry.source}` === term;
  const path = pathOf(term);
  const matchesGlob = compile(path);
  return (entry) => isInside(entry.path, path) || matchesGlob(entry.path);
}

function compile(term: string): (path: string) => boolean {
  const problem = globProblem(term);
  if (problem === null) return picomatch(term, { dot: true, nonegate: true });
  // Without a star, unbalanced brackets may just be part of a name, and names are compared as they are.
  if (!term.includes('*')) return () => false;
  throw new BackupError('USAGE', `--only ${shorten(escapeName(term))}: ${problem}`, {
    hint: 'Give a shorter pattern, or several.',
  });
}
