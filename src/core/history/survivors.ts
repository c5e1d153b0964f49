import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Set in the environment of a guarded command, so that the processes that it starts can be recognised. */
export const GUARD_VARIABLE = 'MIGBACKUP_GUARD';

const GRACE_MS = 5000;
const LOOK_EVERY_MS = 50;

/**
 * Ends what a guarded command left running, so that nothing writes while we go back: SIGTERM, and SIGKILL after five seconds. Returns the pids. Only
 * Linux shows the environment of other processes. On other systems nothing is ended, and a database that is still open stops the way back.
 */
export async function endSurvivors(token: string): Promise<number[]> {
  const pids = survivors(token);
  for (const survivor of pids) kill(survivor, 'SIGTERM');
  const deadline = performance.now() + GRACE_MS;
  while (survivors(token).length > 0 && performance.now() < deadline) await sleep(LOOK_EVERY_MS);
  for (const survivor of survivors(token)) kill(survivor, 'SIGKILL');
  return pids;
}

/** The running processes, other than this one, that were started with the token. */
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
 * The processes whose working folder is in the project, each with its start time, without this process and its children (such as the one that holds
 * locks). Only Linux shows them, and other users' processes only to root. A process that is here after a command but was not before may come from the
 * command, with another environment (sudo, env -i).
 */
export function processesIn(root: string): Map<number, string> {
  const found = new Map<number, string>();
  for (const pid of processes()) {
    try {
      const cwd = fs.readlinkSync(`/proc/${pid}/cwd`);
      if (pid === process.pid || (cwd !== root && !cwd.startsWith(`${root}/`))) continue;
      // The name, in parentheses, may contain anything. The parent is the second field after it, the start time the 20th.
      const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (fields[1] !== String(process.pid)) found.set(pid, fields[19] ?? '');
    } catch {
      // The process has ended, or belongs to another user.
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
    // The process has ended by itself.
  }
}
