import fs from 'node:fs';
import { processesIn } from '../../history/survivors.ts';
import type { Finding } from '../../model/finding.ts';

/**
 * Names processes that work in the project and were not there before the command. They are not ended: without the guard's token in their environment,
 * a process that the command left looks like a shell that somebody has opened meanwhile.
 */
export function stillRunning(root: string, before: ReadonlyMap<number, string>): Finding[] {
  const now = processesIn(fs.realpathSync(root));
  const pids = [...now].filter(([pid, start]) => before.get(pid) !== start).map(([pid]) => pid);
  if (pids.length === 0) return [];
  const said =
    pids.length === 1
      ? 'a process that began while the command ran still works in the project'
      : 'processes that began while the command ran still work in the project';
  return [
    {
      code: 'still-running',
      severity: 'warning',
      message: `${said} (pid ${pids.join(', ')}): what is written from now on is not taken back`,
      recommendation: `If the command left that running, stop it with: kill ${pids.join(' ')}. Then look at the project with migbackup diff.`,
    },
  ];
}
