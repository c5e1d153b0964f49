import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { removeLeftOver, type LeftOver } from '../../fs/left-over.ts';
import { isAlive } from '../../fs/temporary-file.ts';
import { errnoOf } from '../../model/backup-error.ts';

/** A folder beside the target, in which the target is made. Its name holds the process id, so that the folder of a killed process can be removed. */
export function workBeside(target: string): string {
  return `${prefixOf(target)}${process.pid}-${randomBytes(4).toString('hex')}`;
}

function prefixOf(target: string): string {
  return path.join(path.dirname(target), `.${path.basename(target)}.migbackup-`);
}

/**
 * Removes what killed restores into the same target left, and returns the names. A process of another machine counts as ended, and so does one with our
 * own id, because it ran in another container.
 */
export function removeDeadWork(target: string, left: LeftOver[]): string[] {
  const folder = path.dirname(target);
  const prefix = path.basename(prefixOf(target));
  return namesIn(folder).filter((name) => {
    const pid = name.startsWith(prefix)
      ? /^(\d+)-[0-9a-f]{8}(\.\w+)?$/.exec(name.slice(prefix.length))?.[1]
      : undefined;
    if (pid === undefined || (Number(pid) !== process.pid && isAlive(Number(pid)))) return false;
    return removeLeftOver(path.join(folder, name), left);
  });
}

function namesIn(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch (error) {
    // The folder is made later, and what is wrong with it comes up then.
    if (errnoOf(error) === undefined) throw error;
    return [];
  }
}
