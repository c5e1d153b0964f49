import type { CheckResult } from '../../model/validate-report.ts';
import { mayChange, nameOf } from './restore-places.ts';

/** This user may write everywhere a restore would. */
export function checkRestoreWritable(root: string, places: readonly string[]): CheckResult {
  const refused = places.filter((place) => !mayChange(place));
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
