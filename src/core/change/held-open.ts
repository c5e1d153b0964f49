import fs from 'node:fs';
import path from 'node:path';
import { carriesNoData } from '../databases/engines.ts';
import { strangers } from '../databases/locks/who-has-open.ts';
import { lstatOrNull } from '../fs/durable.ts';
import { mayWrite, type OpenFiles } from '../fs/open-files.ts';
import type { Finding } from '../model/finding.ts';
import { escapeName } from '../paths/names.ts';

/** A file that other processes have open for writing. */
export interface HeldOpen {
  readonly path: string;
  readonly pids: number[];
}

/**
 * The files at and below `native` that other processes may write to, as far as this user may see. A rename takes an open file along: what a
 * process writes to it afterwards is only at the place that the file has then.
 * @param relative the path of `native` in messages
 */
export function heldOpen(open: OpenFiles, native: string, relative: string): HeldOpen[] {
  const stat = lstatOrNull(native);
  if (stat?.isDirectory() === true) {
    return fs.readdirSync(native).flatMap((name) => heldOpen(open, path.join(native, name), `${relative}/${name}`));
  }
  if (stat?.isFile() !== true || carriesNoData(native)) return [];
  const pids = strangers(open.holders(stat)).filter((pid) => mayWrite(pid, stat));
  return pids.length === 0 ? [] : [{ path: relative, pids }];
}

const SHOWN = 5;

/** For example `data/events.log (pid 4711)`, and the number of further files. */
function nameHeld(held: readonly HeldOpen[]): string {
  const named = held.slice(0, SHOWN).map((one) => `${escapeName(one.path)} (pid ${one.pids.join(', ')})`);
  return [...named, ...(held.length > SHOWN ? [`${held.length - SHOWN} more`] : [])].join(', ');
}

/** For a plan: which processes would go on writing to files that are no longer there. */
export function willBeHeld(held: readonly HeldOpen[]): Finding[] {
  if (held.length === 0) return [];
  return [
    {
      code: 'held-open',
      severity: 'warning',
      message: `other processes have files open that are replaced: ${nameHeld(held)}; what they write afterwards goes to no file of the project`,
      affects: held.map((one) => one.path),
      recommendation:
        'Stop them before the change, or restart them after it. What was replaced is kept as long as they have it open.',
    },
  ];
}

/** For a change that was made: what is kept because other processes have it open. */
export function isHeld(committed: string, held: readonly HeldOpen[]): Finding {
  return {
    code: 'aside-kept',
    severity: 'warning',
    message: `what was replaced is kept in ${committed}: other processes have it open and may write to it: ${nameHeld(held)}`,
    path: committed,
    affects: held.map((one) => one.path),
    recommendation: `Restart them, then run migbackup recover: it removes what was replaced if the safety backup holds it, and keeps what was written since.`,
  };
}
