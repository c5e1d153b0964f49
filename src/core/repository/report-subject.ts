import path from 'node:path';
import { realPathAsFar } from '../paths/paths.ts';

/** Whether a folder is the place of a backup in this repository. */
export function isInRepository(repository: string, place: string): boolean {
  return realPathAsFar(path.dirname(place)) === realPathAsFar(repository);
}

/** What a report says of itself: the folder or file that was read, and where it is kept (`<repository>/reports/<id>/<name>`). */
export interface Recorded {
  readonly folder?: unknown;
  readonly reportFile?: unknown;
}

/**
 * Whether a report is about the backup at this place: an id says what was backed up, not that a copy or an exported file holds the same
 * bytes. A repository that was moved keeps its reports: they name the repository that they were written in.
 */
export function isAbout({ folder, reportFile }: Recorded, place: string, repository: string): boolean {
  if (typeof folder !== 'string') return isInRepository(repository, place);
  if (realPathAsFar(folder) === realPathAsFar(place)) return true;
  if (typeof reportFile !== 'string' || !isInRepository(repository, place)) return false;
  return folder === path.join(path.resolve(reportFile, '../../..'), path.basename(place));
}
