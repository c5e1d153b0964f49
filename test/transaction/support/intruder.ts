import fs from 'node:fs';
import path from 'node:path';
import { statePaths } from '../../../src/core/transaction/state-folder.ts';
import { withFault, type Outcome } from './faults.ts';

/** Runs `work`, and `intrude` once: in the moment in which the folder in `place` has been moved aside and nothing is in its place yet. */
export async function withIntruder<T>(
  root: string,
  place: string,
  intrude: (folder: string) => void,
  work: () => Promise<T>,
): Promise<Outcome<T> & { readonly intruded: boolean }> {
  const folder = path.join(root, place);
  let looking = false;
  let intruded = false;
  const outcome = await withFault(null, work, () => {
    if (looking || intruded) return false;
    looking = true;
    const aside = statePaths(root).aside;
    if (!fs.existsSync(folder) && fs.existsSync(aside) && fs.readdirSync(aside).length > 0) {
      intruded = true;
      intrude(folder);
    }
    looking = false;
    return false;
  });
  return { ...outcome, intruded };
}
