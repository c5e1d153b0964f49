import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { errnoOf } from '../model/backup-error.ts';

const NAME = /\.(\d+)-[0-9a-f]{12}\.tmp$/;

/** A new name beside `file`, for what becomes `file` by a rename. It tells whose it is, so that one of a killed process can be cleared away. */
export function temporaryBeside(file: string): string {
  return `${file}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`;
}

/**
 * Removes from a folder what processes that have ended left under such names, and answers those names. A process of another machine counts
 * as ended: should it be at work there, its rename fails and it says so. Nothing there is fine; a link is never followed.
 * @param of the name of the file that they were to become; not given: of any
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
