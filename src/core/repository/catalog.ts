/*
 * Room "repository": the folder that holds backups. It finds and selects them, locks the folder, makes work folders in it and keeps reports. What is
 * inside of a backup is the business of the room "format".
 */
import fs from 'node:fs';
import path from 'node:path';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import { nearest } from '../model/nearest.ts';
import { escapeName, shorten } from '../paths/names.ts';
import { parseId, type BackupKind } from '../format/id.ts';
import { MANIFEST_FILE } from '../format/layout.ts';
import type { SelectedBackup } from './selected.ts';
import { isVersion1, version1Time } from '../format/version1.ts';

/** A committed backup in the repository: a folder whose name is an id. */
export interface BackupRef {
  readonly id: string;
  readonly kind: BackupKind;
  readonly time: Date;
  readonly folder: string;
}

/** All committed backups, newest first. An absent repository holds none. */
export function listBackups(repository: string): BackupRef[] {
  const refs: BackupRef[] = [];
  for (const entry of readRepository(repository)) {
    if (!entry.isDirectory()) continue;
    const folder = path.join(repository, entry.name);
    const parsed = parseId(entry.name);
    if (parsed !== null) refs.push({ id: entry.name, ...parsed, folder });
    else if (entry.name.startsWith('migration-') && isVersion1(folder))
      refs.push({ id: entry.name, kind: 'migration', time: version1Time(folder), folder });
  }
  return refs.toSorted((a, b) => b.time.getTime() - a.time.getTime() || (a.id < b.id ? 1 : -1));
}

/**
 * The backup that `selector` names: an id, a unique start of one, or the path of a backup folder or exported file;
 * undefined is the newest of kind migration. Throws NO_SUCH_BACKUP or AMBIGUOUS_BACKUP.
 */
export async function selectBackup(
  repository: string,
  selector: string | undefined,
  options: { cwd: string },
): Promise<SelectedBackup> {
  const all = listBackups(repository);
  if (selector === undefined) {
    const newest = all.find((ref) => ref.kind === 'migration');
    if (newest === undefined)
      throw none(`there is no backup in ${repository}`, 'migbackup create takes one; --backups DIR looks elsewhere.');
    return chosen(newest);
  }
  const exact = all.find((ref) => ref.id === selector);
  if (exact !== undefined) return chosen(exact);
  const matching = selector === '' ? [] : all.filter((ref) => ref.id.startsWith(selector));
  const [only] = matching;
  if (matching.length === 1 && only !== undefined) return chosen(only);
  if (matching.length > 1) {
    throw new BackupError('AMBIGUOUS_BACKUP', `"${shorten(escapeName(selector))}" matches ${matching.length} backups`, {
      hint: `Give more of the id: ${matching
        .slice(0, 5)
        .map((ref) => ref.id)
        .join(', ')}${matching.length > 5 ? ', …' : ''}.`,
      details: { candidates: matching.map((ref) => ref.id) },
    });
  }
  const byPath = selector === '' ? null : await selectPath(path.resolve(options.cwd, selector));
  if (byPath !== null) return byPath;
  const guess =
    nearest(
      selector,
      all.map((ref) => ref.id),
    ) ?? all[0]?.id;
  const meant = guess === undefined ? '' : `; did you mean ${guess}?`;
  throw none(
    `no backup matches "${shorten(escapeName(selector))}"`,
    all.length === 0 ? `There is none in ${repository}.` : `migbackup list shows the ${all.length} there are${meant}`,
  );
}

function chosen(ref: BackupRef): SelectedBackup {
  return { id: ref.id, folder: ref.folder, dispose() {} };
}

async function selectPath(candidate: string): Promise<SelectedBackup | null> {
  const stat = statOrNull(candidate);
  if (stat === null) return null;
  if (stat.isDirectory()) {
    const id = path.basename(candidate);
    // A folder that has the name of a backup is one, and a damaged one without its manifest.
    if (parseId(id) === null && !fs.existsSync(path.join(candidate, MANIFEST_FILE)) && !isVersion1(candidate))
      return null;
    // Its name stands in every line that is said about it.
    if (escapeName(id) !== id)
      throw none(`${escapeName(candidate)} has control or invisible characters in its name`, 'Rename the folder.');
    return { id, folder: candidate, dispose() {} };
  }
  const { openExported } = await import('./open-exported.ts');
  return openExported(candidate);
}

/** What stands at a path that the user typed, links followed; null where nothing can. */
function statOrNull(candidate: string): fs.Stats | null {
  try {
    return fs.statSync(candidate);
  } catch (error) {
    if (NOTHING_THERE.has(errnoOf(error) ?? '')) return null;
    throw error;
  }
}

const NOTHING_THERE = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'EINVAL']);

function readRepository(repository: string): fs.Dirent[] {
  try {
    return fs.readdirSync(repository, { withFileTypes: true });
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return [];
    throw error;
  }
}

function none(message: string, hint: string): BackupError {
  return new BackupError('NO_SUCH_BACKUP', message, { hint });
}
