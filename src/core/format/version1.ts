import { isUtf8 } from 'node:buffer';
import fs from 'node:fs';
import path from 'node:path';
import { lstatOrNull } from '../fs/durable.ts';
import { readRegular } from '../fs/regular-file.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import { ARTIFACTS_FILE, INDEX_FILE, MANIFEST_FILE, SUMS_FILE } from './layout.ts';
import { readSums, type Sum } from './sums.ts';

/** Larger than any manifest of that format: it has a few lines a category. */
const MAX_MANIFEST_BYTES = 1 << 20;
/** Later times have five digits in the year, which no id has. */
const END_OF_YEARS = Date.UTC(10_000, 0);

/**
 * Whether a folder is a backup of format version 1: unpacked folders with a list of sums, as scripts once made them. Their manifests are
 * known to be wrong, so its shape decides: sums, but no index and no list of artifacts. One that has lost its sums is known by its manifest's
 * version: it must not be overlooked because nothing proves it.
 */
export function isVersion1(folder: string): boolean {
  const has = (name: string): boolean => isFile(path.join(folder, name));
  if (has(INDEX_FILE) || has(ARTIFACTS_FILE)) return false;
  const manifest = readVersion1Manifest(folder);
  if (manifest !== null && 'formatVersion' in manifest) return false;
  return has(SUMS_FILE) || String(manifest?.['version']).startsWith('1.');
}

/** False too for what cannot be looked at: one such folder must not hide all others. */
function isFile(file: string): boolean {
  try {
    return lstatOrNull(file)?.isFile() === true;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

/**
 * Its list of sums. Scripts join lines, so the last one may have no end: one that was cut off names a file that is missing. Throws BACKUP_DAMAGED for
 * a line that is not valid, and where no real file in a real folder is the list.
 */
export function* readVersion1Sums(folder: string): Generator<Sum> {
  const file = path.join(folder, SUMS_FILE);
  const place = lstatOrNull(path.dirname(file));
  const list = lstatOrNull(file);
  if (place?.isDirectory() === true && list?.isFile() === true) return yield* readSums(file, { openEnd: true });
  const what = list === null ? 'it is missing' : 'it is no real file in a real folder, and nothing else is followed';
  throw new BackupError('BACKUP_DAMAGED', `${what}; nothing proves this backup`, {
    hint: 'Use another backup (migbackup list).',
    path: file,
  });
}

/** How many files its list of sums names, and what is wrong with the list, if anything. */
export function version1Listed(folder: string): { readonly files: number | null; readonly problem: string | null } {
  try {
    let files = 0;
    for (const _ of readVersion1Sums(folder)) files++;
    return { files, problem: null };
  } catch (error) {
    if (!(error instanceof Error) || (!(error instanceof BackupError) && errnoOf(error) === undefined)) throw error;
    return { files: null, problem: `${SUMS_FILE} cannot be read: ${error.message}` };
  }
}

/** What its manifest says, if that is a JSON object at all. */
export function readVersion1Manifest(folder: string): Record<string, unknown> | null {
  const file = path.join(folder, MANIFEST_FILE);
  try {
    const bytes = readRegular(file, MAX_MANIFEST_BYTES);
    if (!isUtf8(bytes)) return null;
    const parsed: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? { ...parsed } : null;
  } catch (error) {
    if (error instanceof SyntaxError || errnoOf(error) !== undefined) return null;
    throw error;
  }
}

/** When it was made: as its manifest says, if that is a time of this calendar, else the folder's own. */
export function version1Time(folder: string): Date {
  const stated = readVersion1Manifest(folder)?.['timestamp'];
  const time = typeof stated === 'string' ? new Date(stated) : null;
  return time !== null && time.getTime() >= 0 && time.getTime() < END_OF_YEARS ? time : fs.statSync(folder).mtime;
}
