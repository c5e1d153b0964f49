import path from 'node:path';
import { nothingSelected } from '../extract/selection.ts';
import { readIndex } from '../format/index-file.ts';
import { INDEX_FILE } from '../format/layout.ts';
import { readManifest } from '../format/manifest-file.ts';
import { BackupError, throwIfInterrupted } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import { escapeGlob } from '../paths/globs.ts';
import { escapeName } from '../paths/names.ts';
import { realPathAsFar } from '../paths/paths.ts';
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
}

/** What one word of `--only` may mean: one of these terms, the first that selects something. */
type Meaning = readonly string[];

/**
 * The terms that `--only` words mean: names of categories and sources as they are, paths and globs relative to the project. A path may be relative to
 * the working folder, relative to the project, or absolute. Words may be joined by commas, unless the whole is a path. Throws USAGE for a path that
 * leads out of the project or can mean two, NOTHING_SELECTED for one that no backup has.
 */
export async function resolveOnly(
  words: readonly string[] | undefined,
  project: Project,
  { cwd, backups, live }: ResolveOptions,
  context: Context,
): Promise<string[]> {
  if (words === undefined || words.length === 0) return [];
  const stated = unlessDamaged(() => backups.map(({ folder }) => readManifest(folder)));
  // The operation itself says what is wrong with the backup.
  if (stated === undefined) return [...words];
  const names = backups.length > 0 ? stated.flatMap(namedIn) : project.config.categories;
  const meaningOf = (word: string): Meaning => meanings(word, project.root, cwd, names);
  const lists = words.map((word) => {
    const pieces = isName(word, names) ? [word] : atCommas(word);
    const meant = pieces.map((piece) => ({ piece, meaning: meaningOf(piece) }));
    return { word, whole: pieces.length > 1 ? wholeOf(meaningOf, word) : [], meant };
  });
  const all = lists.flatMap(({ whole, meant }) => [whole, ...meant.map(({ meaning }) => meaning)]);
  const paths = new Set(all.flat().filter((term) => !isName(term, names)));
  // create looks for its paths itself, so nothing is looked up for it unless a word can mean two things.
  const isAsked =
    backups.length > 0 || all.some((meaning) => meaning.length > 1) || lists.some(({ whole }) => whole.length > 0);
  const hits = isAsked && paths.size > 0 ? await whatHits(paths, names, places(project, backups, live), context) : null;
  const [first] = backups;
  const [manifest] = stated;
  return lists.flatMap(({ word, whole, meant }) => {
    if (hits !== null && whole.some((term) => hits.has(term))) return [theOne(word, whole, hits)];
    return meant.map(({ piece, meaning }) => {
      const term = theOne(piece, meaning, hits);
      const isMissing = hits !== null && !isName(term, names) && !hits.has(term);
      if (first !== undefined && manifest !== undefined && isMissing)
        throw nothingSelected(first.id, manifest, [piece]);
      return term;
    });
  });
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
function theOne(word: string, meaning: Meaning, hits: ReadonlySet<string> | null): string {
  const found = hits === null ? [] : meaning.filter((term) => hits.has(term));
  if (found.length > 1) {
    throw new BackupError('USAGE', `--only ${escapeName(word)} can mean ${found.map(escapeName).join(' or ')}`, {
      hint: 'Begin it with ./ for what lies here, or run the command at the top of the project.',
    });
  }
  return found[0] ?? meaning[0] ?? word;
}

function meanings(word: string, root: string, cwd: string, names: readonly Named[]): Meaning {
  if (isName(word, names)) return [word];
  const here = path.relative(root, realPathAsFar(cwd)).split(path.sep).join('/');
  const inside = here === '..' || here.startsWith('../') || path.isAbsolute(here) ? '' : here;
  const from = (folder: string): string =>
    path.posix.join(isGlob(word) ? escapeGlob(folder) : folder, word).replace(/(?<=.)\/+$/, '');
  // Our own lines say ./-x so that it is not taken as a flag; that path may be relative to the project.
  const isFromHere = /^\.\.?(\/|$)/.test(word) && !word.startsWith('./-');
  const all = path.isAbsolute(word)
    ? [
        path
          .relative(root, path.join(realPathAsFar(path.dirname(word)), path.basename(word)))
          .split(path.sep)
          .join('/'),
      ]
    : isFromHere
      ? [from(inside)]
      : [from(inside), from('')];
  const found = [...new Set(all)].filter((term) => word !== '' && !/^\.\.(\/|$)/.test(term) && !path.isAbsolute(term));
  if (found.length === 0) {
    const what = word === '' ? '--only is empty' : `--only ${escapeName(word)} leads out of the project`;
    throw new BackupError('USAGE', what, {
      hint: 'Give a category, category/source, a path in the project or a glob.',
    });
  }
  return found.map((term) => (term === '' ? '.' : isName(term, names) ? `./${term}` : term));
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

/** The terms that select something; null if a damaged index does not tell. */
async function whatHits(
  terms: ReadonlySet<string>,
  names: readonly Named[],
  all: AsyncIterable<Place>,
  context: Context,
): Promise<Set<string> | null> {
  const pending = new Map([...terms].map((term) => [term, selectByName([term], names)]));
  const hits = new Set<string>();
  try {
    for await (const place of all) {
      throwIfInterrupted(context.signal);
      for (const [term, has] of pending) {
        if (!has(place)) continue;
        hits.add(term);
        pending.delete(term);
      }
      if (pending.size === 0) break;
    }
    return hits;
  } catch (error) {
    // The operation itself reports a damaged index.
    if (isDamage(error)) return null;
    throw error;
  }
}

async function* places(project: Project, backups: readonly SelectedBackup[], live: boolean): AsyncGenerator<Place> {
  for (const { folder } of backups) for await (const batch of readIndex(path.join(folder, INDEX_FILE))) yield* batch;
  if (!live) return;
  const { categories } = project.config;
  const options = { ownership: new Ownership(categories), onProblem: () => {}, databaseAsFiles: () => true };
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
