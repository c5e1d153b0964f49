import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { removeLeftOver, type LeftOver } from '../../fs/left-over.ts';
import { isAlive } from '../../fs/temporary-file.ts';
import { errnoOf } from '../../model/backup-error.ts';

/** A folder beside the target, in which it is made. It tells whose it is, so that one of a killed process can be cleared away. */
export function workBeside(target: string): string {
  return `${prefixOf(target)}${process.pid}-${randomBytes(4).toString('hex')}`;
}

function prefixOf(target: string): string {
  return path.join(path.dirname(target), `.${path.basename(target)}.migbackup-`);
}

/**
 * Removes what restores into the same target left that were killed, and answers their names. A process of another machine counts as ended, and so does
 * one with our own id: it was one of another container.
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
    // It is made later, or says then what is wrong with it.
    if (errnoOf(error) === undefined) throw error;
    return [];
  }
}
