import fs from 'node:fs';
import path from 'node:path';
import { findDatabases } from '../../databases/engines.ts';
import { errnoOf, BackupError } from '../../model/backup-error.ts';
import type { Project } from '../../model/category.ts';
import type { Context } from '../../model/event.ts';
import { databasesOf } from '../../model/stated-databases.ts';
import { escapeName, shorten } from '../../paths/names.ts';
import { ownBackups } from '../../repository/whose.ts';

/** Where a command looks for the database that it was given. */
export interface Where {
  readonly project: Project;
  readonly cwd: string;
  readonly context: Context;
}

/** A hint names at most this many; the details of the error have all. */
const SHOWN = 10;

/** Nothing is at a path, and it names no backup either. */
export function noSuchDatabase(name: string, where: Where): BackupError {
  const known = [...onDisk(where), ...inLatest(where.project)];
  return new BackupError('NO_SUCH_DATABASE', `there is no database ${shorten(escapeName(name))}`, {
    hint: `${sayKnown(known)} BACKUP:category/source names one in a backup.`,
    path: name,
    details: { databases: known },
  });
}

/** Something other than a database is at a path. @param database the database file that it belongs to, if it does */
export function noDatabaseAt(place: string, database: string | null, where: Where): BackupError {
  const known = [...onDisk(where), ...inLatest(where.project)];
  const belongs = database === null ? '' : `It belongs to the database ${escapeName(database)}. `;
  return new BackupError('NO_SUCH_DATABASE', `${escapeName(place)} is not a database that migbackup can read`, {
    hint: `${belongs}${sayKnown(known)}`,
    path: place,
    details: { databases: known },
  });
}

function sayKnown(known: readonly string[]): string {
  return known.length === 0 ? 'This project has no database.' : `There are: ${some(known)}.`;
}

function some(names: readonly string[]): string {
  const more = names.length - SHOWN;
  return `${names.slice(0, SHOWN).map(escapeName).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** The databases in the sources of the project, as paths relative to the working folder. */
function onDisk({ project, cwd }: Where): string[] {
  const sources = project.config.categories.flatMap((category) => category.sources);
  const places = sources.flatMap((source) => inSource(path.resolve(project.root, source.path)));
  return [...new Set(places.map((place) => path.relative(cwd, place) || '.'))];
}

/** A hint is not worth an error of its own: what cannot be looked at is passed over. */
function inSource(place: string): string[] {
  try {
    return findDatabases(place, place).map((found) => found.place);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return [];
  }
}

function inLatest(project: Project): string[] {
  if (!fs.existsSync(project.repository)) return [];
  const newest = ownBackups(project).find(({ kind, manifest }) => kind === 'migration' && manifest !== null);
  if (newest?.manifest === undefined || newest.manifest === null) return [];
  return databasesOf(newest.manifest).map((database) => `${newest.id}:${database.path}`);
}
