import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { lstatOrNull } from '../../fs/durable.ts';
import { isAlive } from '../../fs/temporary-file.ts';
import { STATE_FOLDER } from '../../paths/paths.ts';

/** In .migbackup: whose process has ended is left over. */
const OURS = /^lock-(\d+)-/;

/**
 * What a scratch folder's name may begin with, for whoever tries the lock of the database in `dir`: among the temporary files, and where nothing can be
 * made there in the project's own .migbackup. A migration that fills /tmp must not bar the way back.
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
