import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { errnoOf } from '../model/backup-error.ts';

const NAME = /\.(\d+)-[0-9a-f]{12}\.tmp$/;

/**
 * A new name beside `file`, for content that a rename turns into `file`. The name says which process made it, so that the file of a killed process
 * can be removed.
 */
export function temporaryBeside(file: string): string {
  return `${file}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`;
}

/**
 * Removes from a folder the files with such names of processes that have ended, and returns their names. A process on another machine counts as
 * ended: if it is still at work, its rename fails and it reports that. It is fine if nothing is there. Links are never followed.
 * @param of the name of the file that they were meant to become; without it, any
 */
export function removeDeadTemporaries(folder: string, of?: string): string[] {
  const dead = namesIn(folder).filter((name) => {
    const pid = NAME.exec(name)?.[1];
    if (of !== undefined && name.replace(NAME, '') !== of) return false;
    return pid !== undefined && !isAlive(Number(pid));
  });
  for (const name of dead) fs.rmSync(path.join(folder, name), { force: true });
  return dead;
}

function namesIn(folder: string): string[] {
  try {
    return fs.lstatSync(folder).isDirectory() ? fs.readdirSync(folder) : [];
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return [];
    throw error;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) !== 'ESRCH';
  }
}
