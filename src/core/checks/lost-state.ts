import fs from 'node:fs';
import path from 'node:path';
import { engineOf } from '../databases/engines.ts';
import { partsOnDisk } from '../databases/parts-on-disk.ts';
import { readOnDisk } from '../databases/read-on-disk.ts';
import { takenInto } from '../config/checkout.ts';
import { readIndex } from '../format/index-file.ts';
import { INDEX_FILE } from '../format/layout.ts';
import { whyPartial } from '../format/why-partial.ts';
import { lstatOrNull } from '../fs/durable.ts';
import { openRegular } from '../fs/regular-file.ts';
import { BackupError, errnoOf, throwIfInterrupted } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { ManifestDatabase } from '../model/database.ts';
import type { FindingCode } from '../model/finding-codes.ts';
import type { Manifest } from '../model/manifest.ts';
import { databasesOf } from '../model/stated-databases.ts';
import { ENGINE_TITLES } from '../model/engine-name.ts';
import { escapeName } from '../paths/names.ts';
import { isInside, toNative } from '../paths/paths.ts';
import { Look, type Gone } from './lost-look.ts';
import { restoreLine } from './restore-line.ts';
import { Owner, readBackups, type ReadBackup } from '../repository/whose.ts';

/** The project beside a complete backup of it. */
export interface LostState {
  readonly backupId: string;
  readonly gone: readonly Gone[];
  /** The line that brings it back; null where nothing is gone, or where a newer backup has to come first. */
  readonly restore: string | null;
  /** What of it that line brings back. */
  readonly brings: readonly Gone[];
  /** Why it could not be compared. */
  readonly notCompared: NotCompared | null;
  /** Beside the newest that can be read: a newer one that this user may not read, so that nothing was compared with it. */
  readonly newer: NotCompared | null;
}

/** A backup that nothing was compared with. */
export interface NotCompared {
  readonly backupId: string;
  readonly folder: string;
  readonly problem: string;
  /** What to do about that. */
  readonly hint: string;
  /** False where nobody can tell whose it is. */
  readonly isOwn: boolean;
}

/** More of them make a line that nobody can read. */
const NAMED_IN_LINE = 8;
const NAMED_IN_MESSAGE = 5;
/** An emptied database is small: a bigger one has tables, and is not read for this. */
const EMPTY_DATABASE_BYTES = 1 << 20;
const LOOK_AT_DAMAGE =
  'migbackup verify says what is wrong with it. If nothing in it is missed, accept that: migbackup create --accept-gone.';

/**
 * Compares what backups have with what is there, by names; of files, whether they are empty now; of databases, whether they are there, are databases
 * still, and have a record. It is the newest complete backup, and those that had something when it was taken that was gone and that nobody had accepted, or that could not
 * be compared then; newest first. Empty where the project has no complete backup, and none that may not be read. Reads the index and folders, changes
 * nothing. Throws INTERRUPTED.
 */
export async function lostState(project: Project, signal?: AbortSignal): Promise<LostState[]> {
  const all = readBackups(project.repository).filter(({ kind }) => kind === 'migration');
  const owner = new Owner(project);
  const own = all.filter(({ manifest, folder }) => owner.owns(manifest, folder));
  const away = awayFrom(project, own.length === 0).map((id) => unknown(notThere(project, id)));
  const at = own.findIndex(({ folder, manifest }) => manifest !== null && whyPartial(manifest, folder) === null);
  const newest = own[at];
  if (newest === undefined) {
    // Whose backup it is stands in what may not be read: with no other at hand it may be the project's.
    const hidden = firstForbidden(own, true) ?? firstForbidden(all, false);
    return hidden === null ? away : [unknown(hidden)];
  }
  const before = namedIn(newest);
  const lost: LostState[] = [...away];
  for (const backup of all) {
    if (backup === newest) {
      const newer = firstForbidden(own.slice(0, at), true);
      lost.push({ ...(await beside(project, backup, null, signal)), newer });
    } else if (before.has(backup.id) && (backup.manifest === null || own.includes(backup))) {
      const later = lost.flatMap(({ gone }) => gone);
      lost.push(await beside(project, backup, later, signal));
    }
  }
  return lost;
}

/**
 * Backups that were taken into the repository and are not there, since all of it is not: its disk is not mounted, or it was removed. A single one that
 * somebody removed is not asked for.
 */
export function awayFrom(project: Project, none: boolean): string[] {
  const { last, away } = takenInto(project) ?? { last: null, away: [] };
  const ids = none && last !== null ? [...away, last] : away;
  return ids.filter((id) => lstatOrNull(path.join(project.repository, id)) === null);
}

function notThere({ repository }: Project, backupId: string): NotCompared {
  return {
    backupId,
    folder: path.join(repository, backupId),
    problem: 'it is not in the repository any more: either its disk is not mounted, or it was removed',
    hint: 'Mount what holds it. If there is nothing to compare with, accept that: migbackup create --accept-gone.',
    isOwn: true,
  };
}

/** The backups that had something which was gone when this one was taken, or may have had. That they are the project's was known then. */
function namedIn({ manifest }: ReadBackup): Set<unknown> {
  const codes: readonly string[] = ['state-gone', 'state-not-compared'] satisfies FindingCode[];
  const said = manifest?.findings.filter(({ code }) => codes.includes(code)) ?? [];
  return new Set(said.map(({ evidence }) => evidence?.['backupId']));
}

/** The newest of some backups that this user may not read. */
function firstForbidden(backups: readonly ReadBackup[], isOwn: boolean): NotCompared | null {
  for (const { id: backupId, folder, forbidden } of backups)
    if (forbidden !== null) return { backupId, folder, problem: forbidden.message, hint: forbidden.hint, isOwn };
  return null;
}

function unknown(notCompared: NotCompared): LostState {
  return { backupId: notCompared.backupId, gone: [], restore: null, brings: [], notCompared, newer: null };
}

/** @param later what is gone since newer backups, which comes back from those; null for the newest backup itself */
async function beside(
  project: Project,
  backup: ReadBackup,
  later: readonly Gone[] | null,
  signal: AbortSignal | undefined,
): Promise<LostState> {
  const { id: backupId, folder, manifest } = backup;
  const damaged = (problem: string): LostState =>
    unknown({ backupId, folder, problem, hint: LOOK_AT_DAMAGE, isOwn: true });
  if (manifest === null) {
    const forbidden = firstForbidden([backup], true);
    return forbidden === null ? damaged('its manifest cannot be read') : unknown(forbidden);
  }
  const databases = databasesOf(manifest);
  const look = new Look(project.root, databases);
  try {
    for await (const batch of readIndex(path.join(folder, INDEX_FILE))) {
      throwIfInterrupted(signal);
      for (const entry of batch) look.at(entry);
    }
  } catch (error) {
    if (!(error instanceof BackupError) || error.code === 'INTERRUPTED') throw error;
    return damaged(error.message);
  }
  const emptied: Gone[] = [];
  for (const database of databases) {
    const { path: at, records, engine } = database;
    if (look.isGone(at)) continue;
    if (isNoLonger(database, project.root))
      emptied.push({ path: at, files: 1, records, bytes: null, noLonger: engine });
    else if (records !== null && records > 0 && (await isEmptied(database, project.root, signal)))
      emptied.push({ path: at, files: 0, records, bytes: null, noLonger: null });
  }
  const gone = [...look.gone(), ...emptied];
  const brings = later === null ? gone : ofOlder(gone, later);
  return { backupId, gone, restore: lineOf(backupId, manifest, brings), brings, notCompared: null, newer: null };
}

/** All of an older backup would take the project back to it, and what a newer one has too would come back as it was long ago. */
function ofOlder(gone: readonly Gone[], later: readonly Gone[]): readonly Gone[] {
  const first = gone.filter(
    (old) => !later.some(({ path: place }) => isInside(place, old.path) || isInside(old.path, place)),
  );
  return first.slice(0, NAMED_IN_LINE);
}

/** What is gone, in words: `leveldb (5 files), deployments (13 files) and 2 more`. */
export function sayGone(gone: readonly Gone[]): string {
  const named = gone.slice(0, NAMED_IN_MESSAGE).map(({ path: place, files, records, bytes, noLonger }) => {
    if (noLonger !== null) {
      const before = records === null ? '' : `, ${records} ${records === 1 ? 'record' : 'records'} before`;
      return `${escapeName(place)} (no ${ENGINE_TITLES[noLonger]} database any more${before})`;
    }
    if (bytes !== null) return `${escapeName(place)} (empty now, ${bytes} ${bytes === 1 ? 'byte' : 'bytes'} before)`;
    if (records !== null)
      return `${escapeName(place)} (empty now, ${records} ${records === 1 ? 'record' : 'records'} before)`;
    return files === 1 ? escapeName(place) : `${escapeName(place)} (${files} files)`;
  });
  const more = gone.length - NAMED_IN_MESSAGE;
  return more > 0 ? `${named.join(', ')} and ${more} more` : named.join(', ');
}

/** What to do about it. */
export function sayWayBack({ restore, brings, gone }: LostState): string {
  if (restore === null)
    return 'First bring back what is gone since the newer backup; migbackup status then has the line for the rest.';
  return brings.length < gone.length
    ? `${restore} brings back a part of it; migbackup status then has the next line.`
    : `${restore} brings it back.`;
}

/** Where it would be too long it names nothing, which means all of the backup. */
function lineOf(backupId: string, manifest: Manifest, brings: readonly Gone[]): string | null {
  if (brings.length === 0) return null;
  const named = brings.length > NAMED_IN_LINE ? [] : brings;
  return restoreLine(
    backupId,
    manifest,
    named.map(({ path: place }) => place),
  );
}

/** Whether a file with content is in the place of a database but is not a database. For a file that cannot be read the answer is not known. */
function isNoLonger({ engine: name, path: at }: ManifestDatabase, root: string): boolean {
  const engine = engineOf(name);
  const place = toNative(root, at);
  try {
    const size = engine.shape === 'file' ? Number(lstatOrNull(place)?.size ?? 0) : 0;
    if (size === 0 || engine.isFile(place, size)) return false;
    fs.closeSync(openRegular(place));
    return true;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

async function isEmptied({ engine: name, path: at }: ManifestDatabase, root: string, signal: AbortSignal | undefined) {
  const engine = engineOf(name);
  const place = toNative(root, at);
  const files = partsOnDisk(engine, place);
  try {
    const bytes = files.names().reduce((sum, part) => sum + fs.lstatSync(engine.pathOf(place, part)).size, 0);
    return bytes <= EMPTY_DATABASE_BYTES && (await readOnDisk(engine, place, signal)).records === 0;
  } catch (error) {
    // One that does not read is not known to be empty: other checks say what is wrong with it.
    if (error instanceof BackupError ? error.code !== 'INTERRUPTED' : errnoOf(error) !== undefined) return false;
    throw error;
  }
}
