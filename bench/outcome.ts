/** Whether the work was done: seconds in which it was not are nobody's to boast of. Nothing here is on the clock; everything throws, and names who it was. */
import { environment, type Contender, type Task } from './contenders.ts';
import { flipBytes, largestFile } from './damage.ts';
import { ask } from './measure.ts';
import type { Workload } from './workload.ts';

/** What LevelDB writes beside its data: carries none, so a backup may leave it out. */
const LOCK_AND_LOGS = 3;

/** After each call that is measured: cheap, so it counts. A verify leaves nothing to count, see checkVerify. */
export function checkCall(task: Task, one: Contender, workload: Workload, out: string): void {
  if (task === 'create') checkCount(one, workload, out);
  if (task === 'restore') checkTotals(one, workload, out);
}

/** The backup holds as many files as the workload has. */
function checkCount(one: Contender, workload: Workload, out: string): void {
  const count = Number(ask(one.count, workload.root, environment(out)));
  const leftOut = workload.folders.includes('leveldb') ? LOCK_AND_LOGS : 0;
  if (!(count <= workload.files && count >= workload.files - leftOut))
    throw new Error(`${one.name} holds ${count} files of ${workload.files}`);
}

/** As many files and bytes have come back as the workload has. */
function checkTotals(one: Contender, workload: Workload, out: string): void {
  const restored = totals('"$OUT/restored"', workload, out);
  const wanted = totals(workload.folders.join(' '), workload, out);
  if (restored !== wanted) throw new Error(`${one.name} restored ${restored}, not ${wanted}`);
}

function totals(folders: string, workload: Workload, out: string): string {
  const list = `find ${folders} -type f ! -name LOCK ! -name "LOG*" -printf "%s\\n"`;
  const printed = ask(list, workload.root, environment(out)) ?? '';
  const sizes = printed === '' ? [] : printed.split('\n').map(Number);
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  return `${sizes.length} files of ${bytes} bytes`;
}

/** The same files for everybody: by count in the backup, byte by byte as they have come back. */
export function checkOutcome(one: Contender, workload: Workload, out: string): void {
  checkCount(one, workload, out);
  for (const folder of workload.folders) {
    const same = ask(
      `diff -r -x LOCK -x 'LOG*' ${folder} "$OUT/restored/"*${folder} || diff -r -x LOCK -x 'LOG*' ${folder} "$(find "$OUT/restored" -type d -name ${folder} | head -1)"`,
      workload.root,
      environment(out),
    );
    if (same === null) throw new Error(`${one.name} did not restore ${folder} as it was`);
  }
}

/**
 * Verify fails on a backup some bytes of which have changed. That it passes on the same backup without the damage is seen when it is
 * measured, as a call that fails ends the run.
 */
export function checkVerify(one: Contender, workload: Workload, out: string): void {
  if (one.verify === null) throw new Error(`${one.name} cannot verify`);
  const file = largestFile(`${out}/${one.repository}`);
  const putBack = flipBytes(file);
  const passed = ask(one.verify, workload.root, environment(out)) !== null;
  putBack();
  if (passed) throw new Error(`${one.name} verifies a damaged backup without an error: bytes of ${file} were changed`);
}
