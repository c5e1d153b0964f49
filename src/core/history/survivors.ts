import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Set in the environment of a guarded command, so that what it starts can be told from everything else. */
export const GUARD_VARIABLE = 'MIGBACKUP_GUARD';

const GRACE_MS = 5000;
const LOOK_EVERY_MS = 50;

/**
 * Ends what a guarded command left running, so that nothing writes while we go back: SIGTERM, and SIGKILL after five seconds. Returns the
 * pids. Only Linux shows the environment of other processes; elsewhere nothing can be told, and an open database stops the way back.
 */
export async function endSurvivors(token: string): Promise<number[]> {
  const pids = survivors(token);
  for (const survivor of pids) kill(survivor, 'SIGTERM');
  const deadline = performance.now() + GRACE_MS;
  while (survivors(token).length > 0 && performance.now() < deadline) await sleep(LOOK_EVERY_MS);
  for (const survivor of survivors(token)) kill(survivor, 'SIGKILL');
  return pids;
}

/** Living processes, other than this one, that were started with the token. */
export function survivors(token: string): number[] {
  const wanted = `${GUARD_VARIABLE}=${token}`;
  return processes().filter((pid) => {
    if (pid === process.pid) return false;
    try {
      return fs.readFileSync(`/proc/${pid}/environ`).toString('latin1').split('\0').includes(wanted);
    } catch {
      return false;
    }
  });
}

/**
 * Processes whose working folder is in the project, without this one and its children (who holds locks), each with the moment when it started. Only Linux shows them, and of other users only to root.
 * Whoever is here after a command and was not before may have been left by it with another environment (sudo, env -i).
 */
export function processesIn(root: string): Map<number, string> {
  const found = new Map<number, string>();
  for (const pid of processes()) {
    try {
      const cwd = fs.readlinkSync(`/proc/${pid}/cwd`);
      if (pid === process.pid || (cwd !== root && !cwd.startsWith(`${root}/`))) continue;
      // The name, in parentheses, may hold anything; the parent is the second field after it, the moment the 20th.
      const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (fields[1] !== String(process.pid)) found.set(pid, fields[19] ?? '');
    } catch {
      // It ended, or is another user's.
    }
  }
  return found;
}

function processes(): number[] {
  try {
    return fs.readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself.
  }
}
