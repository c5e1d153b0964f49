import fs from 'node:fs';
import { errnoOf } from '../model/backup-error.ts';
import { lstatOrNull } from './durable.ts';

/** The errors with which a file system says that this file, or any file, cannot have a second name. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV']);

/**
 * Gives a file or link a second name, but replaces nothing: link(2) fails if something has that name, even if it was made at the last moment, while
 * rename(2) would silently replace it. `taken`: something has that name. `none`: a second name is not possible (for a folder, on Windows, on some
 * file systems).
 */
export function addName(file: string, name: string): 'added' | 'taken' | 'none' {
  if (!mayHaveTwoNames(file)) return 'none';
  try {
    fs.linkSync(file, name);
    return 'added';
  } catch (error) {
    const code = errnoOf(error) ?? '';
    // A network file system may send the call twice, and then answers that the link exists: the one that it made itself.
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

/** On Windows, even a look at a file opens it for a moment. On systems other than Linux, link(2) follows links. */
function mayHaveTwoNames(file: string): boolean {
  if (process.platform === 'win32') return false;
  const stat = lstatOrNull(file);
  return stat?.isFile() === true || (stat?.isSymbolicLink() === true && process.platform === 'linux');
}
