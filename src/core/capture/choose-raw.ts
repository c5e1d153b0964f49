import path from 'node:path';
import { BackupError } from '../model/backup-error.ts';
import type { Category, Project, Source } from '../model/category.ts';
import type { FindingCode } from '../model/finding-codes.ts';
import { nearest } from '../model/nearest.ts';
import { escapeName } from '../paths/names.ts';
import { isInside, realPathAsFar } from '../paths/paths.ts';
import { Ownership } from '../scan/ownership.ts';
import { scanCategory } from '../scan/scanner.ts';

/** Whether a database is taken as plain files. It gets its project-relative path, and the source that has it. */
export type IsRaw = (path: string, source: Source) => boolean;

const NAMED_IN_HINT = 8;
/** Findings about databases that are stored as plain files anyway. */
const STORED_AS_FILES: readonly string[] = [
  'database-foreign',
  'database-zeroed',
  'database-none',
] satisfies FindingCode[];

/**
 * What `--raw` names: a category, `category/source`, a database, or a folder with all databases in it. A path is one of the project, or absolute.
 * Throws USAGE if a term names no database that would be stored.
 * @param categories the categories that are stored
 */
export function chooseRaw(
  project: Project,
  categories: readonly Category[],
  terms: readonly string[] = [],
): IsRaw | undefined {
  if (terms.length === 0) return undefined;
  const sources = categories.flatMap((category) => category.sources);
  const names = new Set(sources.flatMap(({ category, name }) => [category, `${category}/${name}`]));
  const places = terms.filter((term) => !names.has(term)).map((term) => ({ term, at: placeOf(project.root, term) }));
  const there = databasesThere(project, categories);
  const known = [...there.values()].flat();
  for (const term of terms)
    if (names.has(term) && there.get(term.split('/')[0] ?? '')?.length === 0) throw noDatabase(term, term, known);
  const unknown = places.find(({ term, at }) => term === '' || !known.some((database) => isInside(database, at)));
  if (unknown !== undefined) throw noDatabase(unknown.term, unknown.at, known);
  return (database, { category, name }) =>
    terms.includes(category) ||
    terms.includes(`${category}/${name}`) ||
    places.some(({ at }) => isInside(database, at));
}

/** The project-relative path; one that leads out of the project begins with `..`. */
function placeOf(root: string, term: string): string {
  const given = path.isAbsolute(term) ? path.relative(realPathAsFar(root), realOf(term)) : term;
  const place = path.posix.normalize(given.split(path.sep).join('/')).replace(/(?<=.)\/+$/, '');
  return place === '' ? '.' : place;
}

/** The real path of a file. A link at the place of the database itself is not followed. */
function realOf(file: string): string {
  const parent = path.dirname(path.resolve(file));
  return path.join(realPathAsFar(parent), path.basename(path.resolve(file)));
}

/** By category: the databases that would be stored, sound or not, and the paths that a source declares to be databases. */
function databasesThere(project: Project, categories: readonly Category[]): Map<string, string[]> {
  let found = new Set<string>();
  const options = {
    ownership: new Ownership(project.config.categories),
    onProblem: ({ code, path: at }: { code: string; path: string }): void => {
      if (code.startsWith('DATABASE_')) found.add(at);
    },
    onFinding: ({ code, path: at }: { code: string; path?: string | undefined }): void => {
      if (STORED_AS_FILES.includes(code) && at !== undefined) found.add(at);
    },
  };
  const there = new Map<string, string[]>();
  for (const category of categories) {
    found = new Set();
    for (const { type, path: at } of category.sources) if (type !== 'files') found.add(at);
    for (const item of scanCategory(project, category, options)) if (item.kind === 'database') found.add(item.path);
    there.set(category.name, [...found].toSorted());
  }
  return there;
}

function noDatabase(term: string, place: string, known: readonly string[]): BackupError {
  const guess = nearest(place, known);
  const shown = known.slice(0, NAMED_IN_HINT).map(escapeName);
  const more = known.length - shown.length;
  const last = more > 0 ? `${more} more` : shown.length > 1 ? shown.pop() : undefined;
  const all = last === undefined ? shown.join(', ') : `${shown.join(', ')} and ${last}`;
  const one = guess === undefined ? '' : `Did you mean ${escapeName(guess)}? `;
  return new BackupError('USAGE', `--raw ${escapeName(term)} names no database that would be stored`, {
    hint: known.length === 0 ? 'No database would be stored.' : `${one}The databases are: ${all}.`,
    details: { databases: known },
  });
}
