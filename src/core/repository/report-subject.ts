import path from 'node:path';
import { realPathAsFar } from '../paths/paths.ts';

/** Whether a folder is the place of a backup in this store. */
export function isInStore(store: string, place: string): boolean {
  return realPathAsFar(path.dirname(place)) === realPathAsFar(store);
}

/** What a report says of itself: the folder or file that was read, and where it is kept (`<store>/reports/<id>/<name>`). */
export interface Recorded {
  readonly folder?: unknown;
  readonly reportFile?: unknown;
}

/**
 * Whether a report is about the backup at this place: an id says what was backed up, not that a copy or an exported file holds the same
 * bytes. A store that was moved keeps its reports: they name the store that they were written in.
 */
export function isAbout({ folder, reportFile }: Recorded, place: string, store: string): boolean {
  if (typeof folder !== 'string') return isInStore(store, place);
  if (realPathAsFar(folder) === realPathAsFar(place)) return true;
  if (typeof reportFile !== 'string' || !isInStore(store, place)) return false;
  return folder === path.join(path.resolve(reportFile, '../../..'), path.basename(place));
}
