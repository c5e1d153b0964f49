import { escapeName } from '../paths/names.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Category, Project } from '../model/category.ts';
import { nearest } from '../model/nearest.ts';
import { CONFIG_FILE } from '../config/config-file.ts';
import { Ownership } from '../scan/ownership.ts';
import { scanCategory } from '../scan/scanner.ts';
import { isName, mayHold } from '../scan/terms.ts';

/**
 * The categories that a backup of `only` stores something of, in the config's order; all of them without it. One file, link, database or problem is looked
 * for, for each term, before anything is made: nothing to do leaves nothing behind. Throws UNKNOWN_CATEGORY for a term that is neither a name nor a path of
 * anything that is backed up, and NOTHING_TO_BACK_UP.
 */
export function chooseCategories(project: Project, only: readonly string[] = []): readonly Category[] {
  const { categories } = project.config;
  if (only.length === 0) {
    // The config that says what to take is not what there is to take.
    if (!categories.some((category) => holds(project, category, CONFIG_FILE))) throw nothingToBackUp(undefined);
    return categories;
  }
  const chosen = new Set<Category>();
  for (const term of only) {
    const narrowed = { ...project, config: { ...project.config, only: [term] } };
    const found = categories.filter((category) => mayBeIn(term, category, categories) && holds(narrowed, category));
    for (const category of found) chosen.add(category);
    if (found.length > 0) continue;
    throw isName(term, categories) ? nothingToBackUp(term) : unknown(term, categories);
  }
  return categories.filter((category) => chosen.has(category));
}

/** Spares looking through the categories that a name does not mean. */
function mayBeIn(term: string, { name, sources }: Category, categories: readonly Category[]): boolean {
  const has = mayHold([term], categories);
  return !isName(term, categories) || sources.some((source) => has({ category: name, source: source.name, path: '' }));
}

/** Whether a category has a file or a link other than `but`. */
function holds(project: Project, category: Category, but?: string): boolean {
  const ownership = new Ownership(project.config.categories);
  let seen = false;
  const onProblem = (): void => {
    seen = true;
  };
  for (const item of scanCategory(project, category, { ownership, onProblem })) {
    if (seen || item.kind !== 'entry') return true;
    if (item.entry.type !== 'dir' && item.entry.path !== but) return true;
  }
  return seen;
}

function unknown(term: string, categories: readonly Category[]): BackupError {
  const names = categories.map(({ name }) => name);
  const sources = categories.flatMap((category) => category.sources.map((source) => `${category.name}/${source.name}`));
  const guess = nearest(term, [...names, ...sources]);
  const text = `--only ${escapeName(term)} names no category, no source and nothing else that is backed up`;
  return new BackupError('UNKNOWN_CATEGORY', text, {
    hint: `${guess === undefined ? '' : `Did you mean ${guess}? `}The categories are: ${names.join(', ')}.`,
  });
}

/** @param term what was asked for; undefined: everything */
export function nothingToBackUp(term: string | undefined): BackupError {
  const where =
    term === undefined ? 'there is nothing to back up here' : `there is nothing to back up in ${escapeName(term)}`;
  return new BackupError('NOTHING_TO_BACK_UP', where, {
    hint:
      term === undefined
        ? 'Run it in the project (or give --root), or describe what to back up in migbackup.config.json (migbackup init).'
        : 'migbackup validate shows what each category holds.',
  });
}
