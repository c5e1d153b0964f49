import path from 'node:path';
import { lstatOrNull } from '../../fs/durable.ts';
import { STATE_FOLDER } from '../../paths/paths.ts';
import type { CheckResult } from '../../model/validate-report.ts';
import type { Attributes } from '../../scan/attributes.ts';
import { mayChange, mayWrite, nameOf } from './restore-places.ts';

/**
 * This user may write everywhere a restore would, and nothing that it replaces is fixed by a flag; in the root also before a restore has made anything
 * writable, where our folder is not yet there.
 */
export function checkRestoreWritable(
  root: string,
  places: readonly string[],
  { fixed, notLookedAt }: Pick<Attributes, 'fixed' | 'notLookedAt'>,
): CheckResult {
  const makesState = lstatOrNull(path.join(root, STATE_FOLDER)) === null;
  const refused = places.filter((place) => !(makesState && place === root ? mayWrite(place) : mayChange(place)));
  const evidence = { folders: places.length, fixed: fixed.length };
  const about = { id: 'restore-writable', group: 'project', evidence } as const;
  if (refused.length === 0 && fixed.length === 0) {
    const unknown = notLookedAt.includes('file flags') ? '; whether a file is immutable is not known' : '';
    return { ...about, status: 'ok', message: `a restore may write everywhere it would have to${unknown}` };
  }
  const said = [
    ...(refused.length > 0 ? [`could not write in ${refused.length} of ${places.length} folders`] : []),
    ...(fixed.length > 0 ? [`could not replace ${fixed.length} immutable or append-only paths`] : []),
  ];
  const advice = [
    ...(refused.length > 0 ? ['Give this user write permission there, or restore as another user.'] : []),
    ...(fixed.length > 0 ? ['As root, take the flags away before a restore: chattr -i -a PATH.'] : []),
  ];
  return {
    ...about,
    // What is as the backup has it need not be replaced.
    status: refused.length > 0 ? 'critical' : 'warning',
    message: `a restore ${said.join(' and ')}`,
    paths: [...refused.map((place) => nameOf(root, place)), ...fixed],
    recommendation: advice.join(' '),
  };
}
