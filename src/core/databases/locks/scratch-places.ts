import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { lstatOrNull } from '../../fs/durable.ts';
import { isAlive } from '../../fs/temporary-file.ts';
import { STATE_FOLDER } from '../../paths/paths.ts';

/** A scratch folder in .migbackup. If its process has ended, it was left behind. */
const OURS = /^lock-(\d+)-/;

/**
 * Path prefixes of scratch folders for a try of the lock of the database in `dir`: first in the folder for temporary files, then in the project's own
 * .migbackup. With the second one, a migration that fills /tmp does not prevent a rollback.
 */
export function scratchPlaces(dir: string): string[] {
  const state = stateFolderAbove(dir);
  return [path.join(os.tmpdir(), 'migbackup-lock-'), ...(state === null ? [] : [path.join(state, 'lock-')])];
}

function stateFolderAbove(dir: string): string | null {
  for (let folder = path.resolve(dir); ; folder = path.dirname(folder)) {
    const state = path.join(folder, STATE_FOLDER);
    if (lstatOrNull(state)?.isDirectory() === true) return state;
    if (folder === path.dirname(folder)) return null;
  }
}

/** Scratch folders in .migbackup whose processes have ended. */
export function deadScratch(state: string): string[] {
  if (lstatOrNull(state)?.isDirectory() !== true) return [];
  return fs.readdirSync(state).filter((name) => {
    const pid = OURS.exec(name)?.[1];
    return pid !== undefined && !isAlive(Number(pid));
  });
}
