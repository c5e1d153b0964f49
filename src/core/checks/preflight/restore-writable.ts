import path from 'node:path';
import { lstatOrNull } from '../../fs/durable.ts';
import { STATE_FOLDER } from '../../paths/paths.ts';
import type { CheckResult } from '../../model/validate-report.ts';
import { mayChange, mayWrite, nameOf } from './restore-places.ts';

/** This user may write everywhere a restore would; in the root also before a restore has made anything writable, where our folder is not yet there. */
export function checkRestoreWritable(root: string, places: readonly string[]): CheckResult {
  const makesState = lstatOrNull(path.join(root, STATE_FOLDER)) === null;
  const refused = places.filter((place) => !(makesState && place === root ? mayWrite(place) : mayChange(place)));
  const about = { id: 'restore-writable', group: 'project', evidence: { folders: places.length } } as const;
  if (refused.length === 0)
    return { ...about, status: 'ok', message: 'a restore may write everywhere it would have to' };
  return {
    ...about,
    status: 'critical',
    message: `a restore could not write in ${refused.length} of ${places.length} folders`,
    paths: refused.map((place) => nameOf(root, place)),
    recommendation: 'Give this user write permission there, or restore as another user.',
  };
}
