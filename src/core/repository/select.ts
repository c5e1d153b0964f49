import fs from 'node:fs';
import path from 'node:path';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import { nearest } from '../model/nearest.ts';
import { escapeName, shorten } from '../paths/names.ts';
import { parseId } from '../format/id.ts';
import { MANIFEST_FILE } from '../format/layout.ts';
import { isVersion1 } from '../format/version1.ts';
import { listBackups, type BackupRef } from './catalog.ts';
import type { SelectedBackup } from './selected.ts';
import { ownBackups } from './whose.ts';

/**
 * The backup that `selector` names: an id, a unique start of one, or the path of a backup folder or exported file;
 * undefined is the project's newest of kind migration. Throws NO_SUCH_BACKUP or AMBIGUOUS_BACKUP.
 */
export async function selectBackup(
  project: Project,
  selector: string | undefined,
  options: { cwd: string },
): Promise<SelectedBackup> {
  const { repository } = project;
  const all = listBackups(repository);
  if (selector === undefined) {
    const newest = ownBackups(project).find((ref) => ref.kind === 'migration');
    if (newest === undefined) throw noneHere(repository, all.length);
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

function noneHere(repository: string, others: number): BackupError {
  if (others === 0)
    return none(`there is no backup in ${repository}`, 'migbackup create takes one; --backups DIR looks elsewhere.');
  return none(
    `there is no backup of this project in ${repository}`,
    `It has ${others} of others, which migbackup list --all-projects shows; migbackup create takes one of this project.`,
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

function none(message: string, hint: string): BackupError {
  return new BackupError('NO_SUCH_BACKUP', message, { hint });
}
