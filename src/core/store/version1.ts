import fs from 'node:fs';
import path from 'node:path';
import { lstatOrNull } from '../fs/durable.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import { ARTIFACTS_FILE, INDEX_FILE, MANIFEST_FILE, SUMS_FILE } from './layout.ts';
import { readSums } from './sums.ts';

/** Larger than any manifest of that format: it has a few lines a category. */
const MAX_MANIFEST_BYTES = 1 << 20;

/**
 * Whether a folder is a backup of format version 1: unpacked folders with a list of sums, as scripts once made them. Their manifests are
 * known to be wrong, so its shape decides: sums, but no index and no list of artifacts. One that has lost its sums is known by its manifest's
 * version: it must not be overlooked because nothing proves it.
 */
export function isVersion1(folder: string): boolean {
  const has = (name: string): boolean => lstatOrNull(path.join(folder, name))?.isFile() === true;
  if (has(INDEX_FILE) || has(ARTIFACTS_FILE)) return false;
  const manifest = readVersion1Manifest(folder);
  if (manifest !== null && 'formatVersion' in manifest) return false;
  return has(SUMS_FILE) || String(manifest?.['version']).startsWith('1.');
}

/** How many files its list of sums names, and what is wrong with the list, if anything. */
export function version1Listed(folder: string): { readonly files: number | null; readonly problem: string | null } {
  try {
    return { files: [...readSums(path.join(folder, SUMS_FILE))].length, problem: null };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT')
      return { files: null, problem: `${SUMS_FILE} is missing: nothing proves this backup` };
    if (!(error instanceof BackupError)) throw error;
    return { files: null, problem: error.message };
  }
}

/** What its manifest says, if that is a JSON object at all. */
export function readVersion1Manifest(folder: string): Record<string, unknown> | null {
  const file = path.join(folder, MANIFEST_FILE);
  const stat = lstatOrNull(file);
  if (stat === null || !stat.isFile() || stat.size > MAX_MANIFEST_BYTES) return null;
  try {
    const parsed: unknown = JSON.parse(fs.readFileSync(file).toString('utf8'));
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? { ...parsed } : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** When it was made: as its manifest says, if that is a time, else the folder's own. */
export function version1Time(folder: string): Date {
  const stated = readVersion1Manifest(folder)?.['timestamp'];
  const time = typeof stated === 'string' ? new Date(stated) : null;
  return time !== null && !Number.isNaN(time.getTime()) ? time : fs.statSync(folder).mtime;
}
