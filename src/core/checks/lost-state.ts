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
import { plural } from '../model/plural.ts';
import { escapeName } from '../paths/names.ts';
import { isInside, toNative } from '../paths/paths.ts';
import { Look, type Gone } from './lost-look.ts';
import { restoreLine } from './restore-line.ts';
import { Owner, readBackups, type ReadBackup } from '../repository/whose.ts';

/** What a complete backup has and the project does not. */
export interface LostState {
  readonly backupId: string;
  readonly gone: readonly Gone[];
  /** The command line that brings it back. Null if nothing is gone, or if a newer backup has to be restored first. */
  readonly restore: string | null;
  /** The part of `gone` that the command line brings back. */
  readonly brings: readonly Gone[];
  /** Why it could not be compared. */
  readonly notCompared: NotCompared | null;
  /** For the newest backup that can be read: a newer one that this user may not read, so that nothing was compared with it. */
  readonly newer: NotCompared | null;
}

/** A backup that nothing was compared with. */
export interface NotCompared {
  readonly backupId: string;
  readonly folder: string;
  readonly problem: string;
  /** What to do about the problem. */
  readonly hint: string;
  /** False if nobody can tell whose backup it is. */
  readonly isOwn: boolean;
}

/** A line with more paths is too long to read. */
const NAMED_IN_LINE = 8;
const NAMED_IN_MESSAGE = 5;
/** An emptied database is small. A bigger one has content, and is not read for this. */
const EMPTY_DATABASE_BYTES = 1 << 20;
const LOOK_AT_DAMAGE =
  'migbackup verify says what is wrong with it. If you need nothing from it, accept that: migbackup create --accept-gone.';

/**
 * Compares backups with the project: all entries by name, files by whether they are empty now, databases by whether they exist, are still databases
 * and have a record. It compares the newest complete backup, and older backups that this one names: those from which something was already gone when
 * it was taken and nobody had accepted that, and those that could not be compared then. Newest first. Empty if the project has no complete backup,
 * and none that this user may not read. Reads the index and folders, and changes nothing. Throws INTERRUPTED.
 */
export async function lostState(project: Project, signal?: AbortSignal): Promise<LostState[]> {
  const all = readBackups(project.repository).filter(({ kind }) => kind === 'migration');
  const owner = new Owner(project);
  const own = all.filter(({ manifest, folder }) => owner.owns(manifest, folder));
  const away = awayFrom(project, own.length === 0).map((id) => unknown(notThere(project, id)));
  const at = own.findIndex(({ folder, manifest }) => manifest !== null && whyPartial(manifest, folder) === null);
  const newest = own[at];
  if (newest === undefined) {
    // A manifest that this user may not read would say whose backup it is. As there is no other backup, it may be the project's.
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
 * Backups that were taken into the repository and are missing because the whole repository is: its disk is not mounted, or it was removed. A single
 * backup that somebody removed is not missed.
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
    problem: 'it is no longer in the repository: either its disk is not mounted, or it was removed',
    hint: 'Mount what holds it. If there is nothing to compare with, accept that: migbackup create --accept-gone.',
    isOwn: true,
  };
}

/** The backups that had something, or may have had something, which was gone when this backup was taken. They were known to be the project's then. */
function namedIn({ manifest }: ReadBackup): Set<unknown> {
  const codes: readonly string[] = ['state-gone', 'state-not-compared'] satisfies FindingCode[];
  const said = manifest?.findings.filter(({ code }) => codes.includes(code)) ?? [];
  return new Set(said.map(({ evidence }) => evidence?.['backupId']));
}

/** The newest of the given backups that this user may not read. */
function firstForbidden(backups: readonly ReadBackup[], isOwn: boolean): NotCompared | null {
  for (const { id: backupId, folder, forbidden } of backups)
    if (forbidden !== null) return { backupId, folder, problem: forbidden.message, hint: forbidden.hint, isOwn };
  return null;
}

function unknown(notCompared: NotCompared): LostState {
  return { backupId: notCompared.backupId, gone: [], restore: null, brings: [], notCompared, newer: null };
}

/** @param later what is gone since newer backups, and so is restored from those; null for the newest backup itself */
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

/**
 * What to bring back from an older backup: only what no newer backup has, because that would come back in an older state. A few paths are named,
 * because a restore of the whole backup would take the project back to it.
 */
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
    return files === 1 ? escapeName(place) : `${escapeName(place)} (${plural(files, 'file')})`;
  });
  const more = gone.length - NAMED_IN_MESSAGE;
  return more > 0 ? `${named.join(', ')} and ${more} more` : named.join(', ');
}

/** What to do about it. */
export function sayWayBack({ restore, brings, gone }: LostState): string {
  if (restore === null)
    return 'First bring back what is gone since the newer backup. Then migbackup status shows the command for the rest.';
  return brings.length < gone.length
    ? `${restore} brings back a part of it. Then migbackup status shows the next command.`
    : `${restore} brings it back.`;
}

/** The command line that brings things back. If it would be too long it names nothing, which restores the whole backup. */
function lineOf(backupId: string, manifest: Manifest, brings: readonly Gone[]): string | null {
  if (brings.length === 0) return null;
  const named = brings.length > NAMED_IN_LINE ? [] : brings;
  return restoreLine(
    backupId,
    manifest,
    named.map(({ path: place }) => place),
  );
}

/** Whether a file with content is in the place of a database but is not a database. False if it cannot be read, because then nobody knows. */
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
    // A database that cannot be read is not known to be empty. Other checks say what is wrong with it.
    if (error instanceof BackupError ? error.code !== 'INTERRUPTED' : errnoOf(error) !== undefined) return false;
    throw error;
  }
}
