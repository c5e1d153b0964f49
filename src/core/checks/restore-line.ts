import type { Manifest } from '../model/manifest.ts';
import { pathWord, shellLine } from '../model/shell-quote.ts';

/** The command line that brings back some places of a backup (project-relative). If none is named, it brings back the whole backup. */
export function restoreLine(backupId: string, { config }: Manifest, places: readonly string[]): string {
  // If a category has the same name, a slash at the end makes the term a path.
  const term = (place: string): string =>
    place === 'json' || Object.hasOwn(config.categories, place) ? `${place}/` : place;
  return shellLine(['migbackup', 'restore', backupId, ...places.flatMap((place) => ['--only', pathWord(term(place))])]);
}
