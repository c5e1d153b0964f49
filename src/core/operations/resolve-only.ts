import path from 'node:path';
import { folderDatabases, nothingSelected } from '../extract/selection.ts';
import { readIndex } from '../format/index-file.ts';
import { INDEX_FILE } from '../format/layout.ts';
import { readManifest } from '../format/manifest-file.ts';
import { lstatOrNull } from '../fs/durable.ts';
import { BackupError, throwIfInterrupted } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import { escapeGlob } from '../paths/globs.ts';
import { escapeName } from '../paths/names.ts';
import { isInside, realPathAsFar, toNative } from '../paths/paths.ts';
import type { SelectedBackup } from '../repository/selected.ts';
import { Ownership } from '../scan/ownership.ts';
import { scanCategory } from '../scan/scanner.ts';
import { isGlob, isName, namedIn, selectByName, type Named, type Place } from '../scan/terms.ts';

export interface ResolveOptions {
  /** Absolute: the working folder. */
  readonly cwd: string;
  /** What the terms select from. */
  readonly backups: readonly SelectedBackup[];
  /** They also select from what the project has now. */
  readonly live: boolean;
  /** The flag that the words were given to, for messages; `--only` unless it is another. */
  readonly flag?: string;
}

/** What one word of `--only` may mean: one of these terms, the first that selects something. */
type Meaning = readonly string[];

/** A backup, or the project as it is now. */
interface Side {
  readonly places: AsyncIterable<Place>;
  /** Paths of the databases that are folders. One of the project is known when its first place comes. */
  readonly databases: ReadonlySet<string>;
  readonly isLive: boolean;
}

/** What was found of the terms. */
interface Found {
  /** The terms that select something. */
  readonly hits: ReadonlySet<string>;
  /** The databases of which a term selects something, but not the folder with all that is in it, by term. */
  readonly cut: ReadonlyMap<string, ReadonlySet<string>>;
}

/**
 * The terms that `--only` words mean: names of categories and sources as they are, paths and globs relative to the project. A path may be relative to
 * the working folder, relative to the project, or absolute. Words may be joined by commas, unless the whole is a path. Where a path or a glob selects a
 * file of a database that is a folder, the folder is a term too, because a part of it is worth nothing. Throws USAGE for a path that leads out of the
 * project or can mean two, NOTHING_SELECTED for one that no backup has.
 */
export async function resolveOnly(
  words: readonly string[] | undefined,
  project: Project,
  { cwd, backups, live, flag = '--only' }: ResolveOptions,
  context: Context,
): Promise<string[]> {
  if (words === undefined || words.length === 0) return [];
  const stated = unlessDamaged(() => backups.map(({ folder }) => readManifest(folder)));
  // The operation itself says what is wrong with the backup.
  if (stated === undefined) return [...words];
  const names = backups.length > 0 ? stated.flatMap(namedIn) : project.config.categories;
  const meaningOf = (word: string): Meaning => meanings(word, project.root, cwd, names, flag);
  const lists = words.map((word) => {
    const pieces = isName(word, names) ? [word] : atCommas(word);
    const meant = pieces.map((piece) => ({ piece, meaning: meaningOf(piece) }));
    return { word, whole: pieces.length > 1 ? wholeOf(meaningOf, word) : [], meant };
  });
  const all = lists.flatMap(({ whole, meant }) => [whole, ...meant.map(({ meaning }) => meaning)]);
  const paths = new Set(all.flat().filter((term) => !isName(term, names)));
  const found = paths.size > 0 ? await lookUp(paths, names, sides(project, backups, live), context) : null;
  const hits = found?.hits ?? null;
  const [first] = backups;
  const [manifest] = stated;
  const terms = lists.flatMap(({ word, whole, meant }) => {
    if (hits !== null && whole.some((term) => hits.has(term))) return [theOne(word, whole, hits, flag)];
    return meant.map(({ piece, meaning }) => {
      const term = theOne(piece, meaning, hits, flag);
      const isMissing = hits !== null && !isName(term, names) && !hits.has(term);
      if (first !== undefined && manifest !== undefined && isMissing)
        throw nothingSelected(first.id, manifest, [piece], flag);
      return term;
    });
  });
  return [...new Set(terms.flatMap((term) => withDatabases(term, found?.cut.get(term), names)))];
}

/** @param cut the databases of which the term selects only a part */
function withDatabases(term: string, cut: ReadonlySet<string> | undefined, names: readonly Named[]): string[] {
  const whole = [...(cut ?? [])].map((folder) => asPath(folder, names));
  return whole.length > 0 && !isGlob(term) ? whole : [term, ...whole];
}

/** A word with commas that leads out of the project as a whole may be a list of words that do not. */
function wholeOf(meaningOf: (word: string) => Meaning, word: string): Meaning {
  try {
    return meaningOf(word);
  } catch (error) {
    if (error instanceof BackupError) return [];
    throw error;
  }
}

/** @param hits null if nothing was looked up, because nothing is in doubt */
function theOne(word: string, meaning: Meaning, hits: ReadonlySet<string> | null, flag: string): string {
  const found = hits === null ? [] : meaning.filter((term) => hits.has(term));
  if (found.length > 1) {
    throw new BackupError('USAGE', `${flag} ${escapeName(word)} can mean ${found.map(escapeName).join(' or ')}`, {
      hint: 'Begin it with ./ for what lies here, or run the command at the top of the project.',
    });
  }
  return found[0] ?? meaning[0] ?? word;
}

function meanings(word: string, root: string, cwd: string, names: readonly Named[], flag: string): Meaning {
  if (isName(word, names)) return [word];
  const here = path.relative(root, realPathAsFar(cwd)).split(path.sep).join('/');
  const inside = here === '..' || here.startsWith('../') || path.isAbsolute(here) ? '' : here;
  const inProject = (absolute: string): string =>
    path
      .relative(root, path.join(realPathAsFar(path.dirname(absolute)), path.basename(absolute)))
      .split(path.sep)
      .join('/');
  const leadsOut = (term: string): boolean => /^\.\.(\/|$)/.test(term) || path.isAbsolute(term);
  const from = (folder: string): string => {
    const term = path.posix.join(isGlob(word) ? escapeGlob(folder) : folder, word).replace(/(?<=.)\/+$/, '');
    // A path may lead out of the project and back into it.
    return leadsOut(term) ? inProject(path.join(root, term)) : term;
  };
  // Our own lines say ./-x so that it is not taken as a flag; that path may be relative to the project.
  const isFromHere = /^\.\.?(\/|$)/.test(word) && !word.startsWith('./-');
  const all = path.isAbsolute(word) ? [inProject(word)] : isFromHere ? [from(inside)] : [from(inside), from('')];
  const found = [...new Set(all)].filter((term) => word !== '' && !leadsOut(term));
  if (found.length === 0) {
    const what = word === '' ? `${flag} is empty` : `${flag} ${escapeName(word)} leads out of the project`;
    throw new BackupError('USAGE', what, {
      hint: 'Give a category, category/source, a path in the project or a glob.',
    });
  }
  return found.map((term) => (term === '' ? '.' : asPath(term, names)));
}

function asPath(path: string, names: readonly Named[]): string {
  return isName(path, names) ? `./${path}` : path;
}

/** The words between commas that no bracket holds together and no backslash escapes. */
function atCommas(word: string): string[] {
  const words = [''];
  let depth = 0;
  for (const [piece = ''] of word.matchAll(/\\.|[^]/gu)) {
    if ('{[('.includes(piece)) depth++;
    if ('}])'.includes(piece)) depth = Math.max(0, depth - 1);
    if (piece === ',' && depth === 0) words.push('');
    else words.push(`${words.pop()}${piece}`);
  }
  return words;
}

/** Looks the terms up; null if a damaged index does not tell. */
async function lookUp(
  terms: ReadonlySet<string>,
  names: readonly Named[],
  all: readonly Side[],
  context: Context,
): Promise<Found | null> {
  const hits = new Set<string>();
  const cut = new Map([...terms].map((term) => [term, new Set<string>()]));
  try {
    for (const { places, databases, isLive } of all) {
      const pending = new Map([...terms].map((term) => [term, selectByName([term], names)]));
      for await (const place of places) {
        throwIfInterrupted(context.signal);
        // A copy for each of a million places would cost more than the look.
        const database =
          databases.size === 0 ? undefined : [...databases].find((folder) => isInside(place.path, folder));
        for (const [term, has] of pending) {
          // After its first hit a term is only looked up to learn which databases it selects.
          if ((database === undefined && hits.has(term)) || !has(place)) continue;
          hits.add(term);
          const isWhole = database === undefined || (!isGlob(term) && has({ ...place, path: database }));
          if (!isWhole) cut.get(term)?.add(database);
          if (!isGlob(term) || (databases.size === 0 && !isLive)) pending.delete(term);
        }
        if (pending.size === 0) break;
      }
    }
    return { hits, cut };
  } catch (error) {
    // The operation itself reports a damaged index.
    if (isDamage(error)) return null;
    throw error;
  }
}

function sides(project: Project, backups: readonly SelectedBackup[], live: boolean): Side[] {
  const taken = backups.map(({ folder }) => ({
    places: placesIn(folder),
    databases: new Set(folderDatabases(readManifest(folder))),
    isLive: false,
  }));
  if (!live) return taken;
  const databases = new Set<string>();
  return [...taken, { places: livePlaces(project, databases), databases, isLive: true }];
}

async function* placesIn(folder: string): AsyncGenerator<Place> {
  for await (const batch of readIndex(path.join(folder, INDEX_FILE))) yield* batch;
}

/** @param databases gets the paths of the databases that are folders, each before its places come */
async function* livePlaces(project: Project, databases: Set<string>): AsyncGenerator<Place> {
  const { categories } = project.config;
  const databaseAsFiles = (at: string): boolean => {
    if (lstatOrNull(toNative(project.root, at))?.isDirectory() === true) databases.add(at);
    return true;
  };
  const options = { ownership: new Ownership(categories), onProblem: () => {}, databaseAsFiles };
  for (const category of categories)
    for (const item of scanCategory(project, category, options)) if (item.kind === 'entry') yield item.entry;
}

function unlessDamaged<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isDamage(error)) return undefined;
    throw error;
  }
}

function isDamage(error: unknown): boolean {
  return error instanceof BackupError && error.code === 'BACKUP_DAMAGED';
}
