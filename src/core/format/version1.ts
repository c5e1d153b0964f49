import { isUtf8 } from 'node:buffer';
import fs from 'node:fs';
import path from 'node:path';
import { lstatOrNull } from '../fs/durable.ts';
import { readRegular } from '../fs/regular-file.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import { ARTIFACTS_FILE, INDEX_FILE, MANIFEST_FILE, SUMS_FILE } from './layout.ts';
import { readSums, type Sum } from './sums.ts';

/** More than any manifest of that format has, which is a few lines for each category. */
const MAX_MANIFEST_BYTES = 1 << 20;
/** Later years have five digits, which no id has. */
const END_OF_YEARS = Date.UTC(10_000, 0);

/**
 * Whether a folder is a backup of format version 1: unpacked folders with a list of sums, as scripts once made them. Their manifests are known to be
 * wrong, so the shape of the folder decides: it has sums, but no index and no list of artifacts. A backup that has lost its sums is recognised by the
 * version in its manifest, so that it is not overlooked only because nothing proves it.
 */
export function isVersion1(folder: string): boolean {
  const has = (name: string): boolean => isFile(path.join(folder, name));
  if (has(INDEX_FILE) || has(ARTIFACTS_FILE)) return false;
  const manifest = readVersion1Manifest(folder);
  if (manifest !== null && 'formatVersion' in manifest) return false;
  return has(SUMS_FILE) || String(manifest?.['version']).startsWith('1.');
}

/** False also if it cannot be examined: one such folder must not hide all others. */
function isFile(file: string): boolean {
  try {
    return lstatOrNull(file)?.isFile() === true;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

/**
 * Reads its list of sums. The last line may lack its newline, because scripts join lines; if it was cut off, it names a file that is missing. Throws
 * BACKUP_DAMAGED for a line that is not valid, and if the list is not a real file in a real folder.
 */
export function* readVersion1Sums(folder: string): Generator<Sum> {
  const file = path.join(folder, SUMS_FILE);
  const place = lstatOrNull(path.dirname(file));
  const list = lstatOrNull(file);
  if (place?.isDirectory() === true && list?.isFile() === true) return yield* readSums(file, { openEnd: true });
  const what = list === null ? 'it is missing' : 'it is not a real file in a real folder, and links are not followed';
  throw new BackupError('BACKUP_DAMAGED', `${what}; nothing proves this backup`, {
    hint: 'Use another backup (migbackup list).',
    path: file,
  });
}

/** How many files its list of sums names, or what is wrong with the list. */
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

/** When it was made: the time in its manifest if that is one an id can have, otherwise the folder's own time. */
export function version1Time(folder: string): Date {
  const stated = readVersion1Manifest(folder)?.['timestamp'];
  const time = typeof stated === 'string' ? new Date(stated) : null;
  return time !== null && time.getTime() >= 0 && time.getTime() < END_OF_YEARS ? time : fs.statSync(folder).mtime;
}
