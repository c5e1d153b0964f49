import fs from 'node:fs';
import type { CheckResult } from '../../model/validate-report.ts';
import { nameOf } from './restore-places.ts';

/** A restore swaps by renaming, which no file system does into another: what is mounted inside the project cannot be restored in place. */
export function checkOneFileSystem(root: string, places: readonly string[]): CheckResult {
  const home = fs.statSync(root).dev;
  const elsewhere = places.filter((place) => fs.statSync(place).dev !== home);
  const about = { id: 'one-file-system', group: 'project' } as const;
  if (elsewhere.length === 0)
    return { ...about, status: 'ok', message: 'everything a restore would change is on one file system' };
  return {
    ...about,
    status: 'critical',
    message: 'a restore in place could not swap what is on another file system',
    paths: elsewhere.map((place) => nameOf(root, place)),
    recommendation: 'Unmount it, or restore with --to DIR and move the files yourself.',
  };
}
