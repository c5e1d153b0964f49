import type { Manifest } from '../model/manifest.ts';
import { pathWord, shellLine } from '../model/shell-quote.ts';

/** The line that brings back some places of a backup (project-relative); all of it where none is named. */
export function restoreLine(backupId: string, { config }: Manifest, places: readonly string[]): string {
  // A category of the same name is more than the path: a slash at the end makes it a path.
  const term = (place: string): string =>
    place === 'json' || Object.hasOwn(config.categories, place) ? `${place}/` : place;
  return shellLine(['migbackup', 'restore', backupId, ...places.flatMap((place) => ['--only', pathWord(term(place))])]);
}
