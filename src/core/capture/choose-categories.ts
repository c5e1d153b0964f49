import { BackupError } from '../model/backup-error.ts';
import type { Category } from '../model/category.ts';
import { nearest } from '../model/nearest.ts';

/** The categories that `--only` names, in the config's order; all of them without it. Throws UNKNOWN_CATEGORY. */
export function chooseCategories(
  categories: readonly Category[],
  only: readonly string[] | undefined,
): readonly Category[] {
  if (only === undefined || only.length === 0) return categories;
  const names = categories.map((category) => category.name);
  for (const name of only) {
    if (names.includes(name)) continue;
    const guess = nearest(name, names);
    throw new BackupError('UNKNOWN_CATEGORY', `no category is called "${name}"`, {
      hint: `${guess === undefined ? '' : `Did you mean ${guess}? `}The categories are: ${names.join(', ')}.`,
    });
  }
  return categories.filter((category) => only.includes(category.name));
}
