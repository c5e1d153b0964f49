import fs from 'node:fs';
import { lstatOrNull } from '../fs/durable.ts';
import { addName } from '../fs/second-name.ts';
import { errnoOf } from '../model/backup-error.ts';
import { isMovable } from './unit.ts';

const WINDOWS_BUSY = new Set(['EPERM', 'EBUSY', 'EACCES']);
const PAUSES_MS = [10, 30, 100, 300, 1000];
/** The errors with which a file system says that a folder cannot replace what is there. */
const OCCUPIED = new Set(['ENOTEMPTY', 'EEXIST', 'EISDIR', 'ENOTDIR']);

/** Moves something to an empty place in our own folder. */
export function moveWhole(from: string, to: string): void {
  const stat = lstatOrNull(from);
  // Only root may move a read-only folder, because its `..` is rewritten. The folder gets its mode, old or new, when everything is in its place.
  if (stat?.isDirectory() === true && !isMovable(stat)) fs.chmodSync(from, Number(stat.mode & 0o777n) | 0o200);
  rename(from, to);
}

/**
 * Brings content to its place in the project. False if something is there, even if it was made at the last moment. A file gets a second name there,
 * and keeps both names until the new one is durable (swap.ts). Folders are renamed, which fails if the target folder is not empty. Files are renamed
 * too if the file system does not allow two names.
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

/** rename(2). On Windows a virus scanner may hold a file for a moment, so there it is tried again, with growing pauses. */
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
