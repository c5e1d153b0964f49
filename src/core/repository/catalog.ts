/*
 * Room "repository": the folder that holds backups. It finds and selects them (select.ts, whose.ts), locks the folder, makes work folders in it and
 * keeps reports. The room "format" knows what is inside a backup.
 */
import fs from 'node:fs';
import path from 'node:path';
import { parseId, wholeOf, type BackupKind } from '../format/id.ts';
import { errnoOf } from '../model/backup-error.ts';
import { isVersion1, version1Time } from '../format/version1.ts';

/** A committed backup in the repository: a folder whose name is an id. */
export interface BackupRef {
  readonly id: string;
  readonly kind: BackupKind;
  readonly time: Date;
  readonly folder: string;
}

/** All committed backups, newest first, and behind each the parts of it. An absent repository holds none. */
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
  const isPart = ({ id }: BackupRef): number => (wholeOf(id) === null ? 0 : 1);
  return refs.toSorted(
    (a, b) => b.time.getTime() - a.time.getTime() || isPart(a) - isPart(b) || (a.id < b.id ? 1 : -1),
  );
}

function readRepository(repository: string): fs.Dirent[] {
  try {
    return fs.readdirSync(repository, { withFileTypes: true });
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return [];
    throw error;
  }
}

/** Why no backup can be seen in a repository. */
export interface RepositoryProblem {
  readonly what: 'does not exist' | 'is not a folder';
  /** What to do next. */
  readonly hint: string;
}

/** Null where it is a folder. One that is not there may be meant otherwise, so nobody may say that it holds no backups. */
export function repositoryProblem(repository: string): RepositoryProblem | null {
  const stat = statOrNull(repository);
  if (stat?.isDirectory() === true) return null;
  if (stat !== null)
    return { what: 'is not a folder', hint: 'Move that file away, or name another folder with --backups DIR.' };
  const hint =
    'If it should hold backups, check --backups, MIGBACKUP_BACKUPS and whether its disk is mounted. migbackup create makes it.';
  return { what: 'does not exist', hint };
}

/** What stands at a path that the user typed, links followed; null where nothing can. */
export function statOrNull(candidate: string): fs.Stats | null {
  try {
    return fs.statSync(candidate);
  } catch (error) {
    if (NOTHING_THERE.has(errnoOf(error) ?? '')) return null;
    throw error;
  }
}

const NOTHING_THERE = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'EINVAL']);
