import fs from 'node:fs';
import path from 'node:path';
import { lstatOrNull } from '../../fs/durable.ts';
import { STATE_FOLDER, toNative } from '../../paths/paths.ts';
import { errnoOf } from '../../model/backup-error.ts';
import type { Project } from '../../model/category.ts';

/**
 * Every folder in which a restore would rename things: those that hold what the categories hold, and for a source that is not there its
 * nearest existing parent; and our own folder. Absolute, the project's root first.
 * @param folders project-relative folders of the inventory
 */
export function restorePlaces({ root, config }: Project, folders: readonly string[]): string[] {
  const places = new Set([root, ...folders.map((folder) => toNative(root, folder))]);
  const state = path.join(root, STATE_FOLDER);
  if (lstatOrNull(state)?.isDirectory() === true) places.add(state);
  for (const { path: source } of config.categories.flatMap((category) => category.sources)) {
    let place = path.dirname(toNative(root, source === '.' ? 'x' : source));
    while (lstatOrNull(place)?.isDirectory() !== true && place !== root) place = path.dirname(place);
    places.add(place);
  }
  return [...places];
}

/** A folder as a person of the project calls it. */
export function nameOf(root: string, folder: string): string {
  return path.relative(root, folder).split(path.sep).join('/') || '.';
}

/** Whether this user may rename in a folder: a restore makes its own folders writable for as long as it needs them, which no immutable one (EPERM) can be. */
export function mayChange(folder: string): boolean {
  const refusal = refusalOf(folder);
  return refusal === null || (refusal === 'EACCES' && fs.statSync(folder).uid === process.getuid?.());
}

/** Whether this user may make something in a folder as it is. */
export function mayWrite(folder: string): boolean {
  return refusalOf(folder) === null;
}

function refusalOf(folder: string): string | null {
  try {
    fs.accessSync(folder, fs.constants.W_OK | fs.constants.X_OK);
    return null;
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined) throw error;
    return code;
  }
}
