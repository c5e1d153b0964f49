import picomatch from 'picomatch';
import { globProblem } from '../paths/globs.ts';
import { escapeName, shorten } from '../paths/names.ts';
import { isInside } from '../paths/paths.ts';
import { engineOf, partNames, type DatabaseAt } from '../databases/engines.ts';
import { BackupError } from '../model/backup-error.ts';
import type { ScannedEntry } from '../model/entry.ts';

/** Terms that stand for several categories. */
const GROUPS: ReadonlyMap<string, readonly string[]> = new Map([['json', ['legacy-json', 'unified-json']]]);

export type EntryFilter = (entry: Pick<ScannedEntry, 'category' | 'source' | 'path'>) => boolean;

/**
 * The entries that `--only` terms select: a term is a category (`json` is both JSON categories), `category/source`, a
 * project-relative path with all that is below it, or a glob on such paths. No terms select everything. Throws USAGE for a glob that is
 * refused.
 * @param databases that are files: what selects one or a part of it selects all of it
 */
export function selectEntries(
  terms: readonly string[] | undefined,
  databases: readonly DatabaseAt[] = [],
): EntryFilter {
  if (terms === undefined || terms.length === 0) return () => true;
  const filters = terms.map(termFilter);
  const files = new Map(databases.map(({ path, engine }) => [path, engineOf(engine)]));
  const together = (path: string): string[] => {
    const file = files.has(path) ? path : partNames(path).find(({ database }) => files.has(database))?.database;
    const engine = file === undefined ? undefined : files.get(file);
    return file === undefined || engine === undefined
      ? [path]
      : (engine.parts ?? []).map((part) => engine.pathOf(file, part));
  };
  return (entry) => {
    const paths = together(entry.path);
    return filters.some((filter) => paths.some((path) => filter({ ...entry, path })));
  };
}

function termFilter(term: string): EntryFilter {
  const categories = GROUPS.get(term) ?? [term];
  const folder = term.replace(/^\.\//, '').replace(/\/+$/, '');
  const matchesGlob = compile(folder);
  return (entry) =>
    categories.includes(entry.category) ||
    `${entry.category}/${entry.source}` === term ||
    isInside(entry.path, folder) ||
    matchesGlob(entry.path);
}

function compile(term: string): (path: string) => boolean {
  const problem = globProblem(term);
  if (problem === null) return picomatch(term, { dot: true, nonegate: true });
  // Odd brackets alone may be part of a name, which is compared as it is.
  if (!term.includes('*')) return () => false;
  throw new BackupError('USAGE', `--only ${shorten(escapeName(term))}: ${problem}`, {
    hint: 'Give a shorter pattern, or several.',
  });
}
