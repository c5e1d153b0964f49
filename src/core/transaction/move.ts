import fs from 'node:fs';
import { lstatOrNull } from '../fs/durable.ts';
import { errnoOf } from '../model/backup-error.ts';
import { isMovable } from './unit.ts';

const WINDOWS_BUSY = new Set(['EPERM', 'EBUSY', 'EACCES']);
const PAUSES_MS = [10, 30, 100, 300, 1000];
/** How a file system says that a folder cannot take the place of what is there. */
const OCCUPIED = new Set(['ENOTEMPTY', 'EEXIST', 'EISDIR', 'ENOTDIR']);
/** How a file system says that it has no second names for files, or not for this one. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV']);

/** Moves something to a place of our own, where nothing stands. */
export function moveWhole(from: string, to: string): void {
  const stat = lstatOrNull(from);
  // Only root may move a read-only folder (its `..` is rewritten). It gets its mode, old or new, when everything is in its place.
  if (stat?.isDirectory() === true && !isMovable(stat)) fs.chmodSync(from, Number(stat.mode & 0o777n) | 0o200);
  rename(from, to);
}

/**
 * Brings content to its place in the project; false where something stands there, however late it was made: rename(2) would replace a file without a
 * word, link(2) does not (`EEXIST`). So a file gets a second name there, and has both until `dropFirstName`, which comes once the second one is
 * durable. Folders are renamed, which fails where a folder holds something. Files are renamed too where they cannot have two names.
 */
export function placeAt(incoming: string, target: string): boolean {
  if (mayHaveTwoNames(incoming)) {
    try {
      fs.linkSync(incoming, target);
      return true;
    } catch (error) {
      const code = errnoOf(error) ?? '';
      // A network file system that sends the call again answers that its own link is in the way.
      if (code === 'EEXIST') return hasBothNames(incoming, target);
      if (!NO_LINKS.has(code)) throw error;
    }
  }
  try {
    moveWhole(incoming, target);
    return true;
  } catch (error) {
    if (OCCUPIED.has(errnoOf(error) ?? '') && lstatOrNull(target) !== null) return false;
    throw error;
  }
}

/** Whether one file has both names: `placeAt` brought it to the second one. */
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

/** rename(2). On Windows a scanner may hold a file for a moment: then it is tried again, with growing pauses. */
function rename(from: string, to: string): void {
  for (const pause of process.platform === 'win32' ? PAUSES_MS : []) {
    try {
      fs.renameSync(from, to);
      return;
    } catch (error) {
      if (!WINDOWS_BUSY.has(errnoOf(error) ?? '')) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
    }
  }
  fs.renameSync(from, to);
}
