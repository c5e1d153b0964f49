import fs from 'node:fs';
import { lstatOrNull } from '../fs/durable.ts';
import { addName } from '../fs/second-name.ts';
import { errnoOf } from '../model/backup-error.ts';
import { isMovable } from './unit.ts';

const WINDOWS_BUSY = new Set(['EPERM', 'EBUSY', 'EACCES']);
const PAUSES_MS = [10, 30, 100, 300, 1000];
/** How a file system says that a folder cannot take the place of what is there. */
const OCCUPIED = new Set(['ENOTEMPTY', 'EEXIST', 'EISDIR', 'ENOTDIR']);

/** Moves something to a place of our own, where nothing stands. */
export function moveWhole(from: string, to: string): void {
  const stat = lstatOrNull(from);
  // Only root may move a read-only folder (its `..` is rewritten). It gets its mode, old or new, when everything is in its place.
  if (stat?.isDirectory() === true && !isMovable(stat)) fs.chmodSync(from, Number(stat.mode & 0o777n) | 0o200);
  rename(from, to);
}

/**
 * Brings content to its place in the project; false where something stands there, however late it was made. A file gets a second name there, and has both
 * until that is durable (swap.ts). Folders are renamed, which fails where a folder holds something. Files are renamed too where they cannot have two names.
 */
export function placeAt(incoming: string, target: string): boolean {
  const name = addName(incoming, target);
  if (name !== 'none') return name === 'added';
  try {
    moveWhole(incoming, target);
    return true;
  } catch (error) {
    if (OCCUPIED.has(errnoOf(error) ?? '') && lstatOrNull(target) !== null) return false;
    throw error;
  }
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
