import fs from 'node:fs';
import { errnoOf } from '../model/backup-error.ts';
import { lstatOrNull } from './durable.ts';

/** How a file system says that it has no second names for files, or not for this one. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV']);

/**
 * Gives a file or link a second name, where nothing may stand: rename(2) would replace a file there without a word, however late it was made, link(2) does
 * not. `taken`: something stands there. `none`: it cannot have one here (a folder, Windows, a file system without).
 */
export function addName(file: string, name: string): 'added' | 'taken' | 'none' {
  if (!mayHaveTwoNames(file)) return 'none';
  try {
    fs.linkSync(file, name);
    return 'added';
  } catch (error) {
    const code = errnoOf(error) ?? '';
    // A network file system that sends the call again answers that its own link is in the way.
    if (code === 'EEXIST') return hasBothNames(file, name) ? 'added' : 'taken';
    if (NO_LINKS.has(code)) return 'none';
    throw error;
  }
}

/** Whether one file or link has both names. */
export function hasBothNames(first: string, second: string): boolean {
  const one = lstatOrNull(first);
  if (one === null || one.isDirectory()) return false;
  const other = lstatOrNull(second);
  return other !== null && one.ino === other.ino && one.dev === other.dev;
}

/** Windows opens a file for as long as it is looked at, and link(2) follows links outside Linux. */
function mayHaveTwoNames(file: string): boolean {
  if (process.platform === 'win32') return false;
  const stat = lstatOrNull(file);
  return stat?.isFile() === true || (stat?.isSymbolicLink() === true && process.platform === 'linux');
}
