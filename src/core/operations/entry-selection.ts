import picomatch from 'picomatch';
import { isInside } from '../fs/paths.ts';
import type { ScannedEntry } from '../model/entry.ts';

/** Terms that stand for several categories. */
const GROUPS: Readonly<Record<string, readonly string[]>> = { json: ['legacy-json', 'unified-json'] };

export type EntryFilter = (entry: Pick<ScannedEntry, 'category' | 'source' | 'path'>) => boolean;

/**
 * The entries that `--only` terms select: a term is a category (`json` is both JSON categories), `category/source`, a
 * project-relative path with all that is below it, or a glob on such paths. No terms select everything.
 */
export function selectEntries(terms: readonly string[] | undefined): EntryFilter {
  if (terms === undefined || terms.length === 0) return () => true;
  const filters = terms.map(termFilter);
  return (entry) => filters.some((filter) => filter(entry));
}

function termFilter(term: string): EntryFilter {
  const categories = GROUPS[term] ?? [term];
  const folder = term.replace(/^\.\//, '').replace(/\/+$/, '');
  const matchesGlob = picomatch(folder, { dot: true, nonegate: true });
  return (entry) =>
    categories.includes(entry.category) ||
    `${entry.category}/${entry.source}` === term ||
    isInside(entry.path, folder) ||
    matchesGlob(entry.path);
}
