import fs from 'node:fs';
import path from 'node:path';
import { folderFiles, readDatabase } from '../databases/leveldb/format/reader.ts';
import { takenInto } from '../config/checkout.ts';
import { readIndex } from '../format/index-file.ts';
import { INDEX_FILE } from '../format/layout.ts';
import { whyPartial } from '../format/why-partial.ts';
import { lstatOrNull } from '../fs/durable.ts';
import { BackupError, errnoOf, throwIfInterrupted } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { Entry } from '../model/entry.ts';
import type { FindingCode } from '../model/finding-codes.ts';
import type { Manifest, ManifestDatabase } from '../model/manifest.ts';
import { shellLine } from '../model/shell-quote.ts';
import { escapeName } from '../paths/names.ts';
import { isInside, joined, parentOf, toNative } from '../paths/paths.ts';
import { ownBackups, type ReadBackup } from '../repository/whose.ts';

/** Something that the backup has and the project has not. */
export interface Gone {
  /** Project-relative: the topmost folder that is gone, a file, or a database. */
  readonly path: string;
  /** Files and links of the backup in it. */
  readonly files: number;
  /** A database that is there and empty: the records that it had. */
  readonly records: number | null;
  /** A file that is there and empty: the bytes that it had. */
  readonly bytes: number | null;
}

/** The project beside a complete backup of it. */
export interface LostState {
  readonly backupId: string;
  readonly gone: readonly Gone[];
  /** The line that brings it back; null where nothing is gone, or where a newer backup has to come first. */
  readonly restore: string | null;
  /** Whether that line brings back less than what is gone. */
  readonly less: boolean;
  /** Why it could not be compared. */
  readonly problem: string | null;
}

/** More of them make a line that nobody can read. */
const NAMED_IN_LINE = 8;
const NAMED_IN_MESSAGE = 5;
/** An emptied database is small: a bigger one has tables, and is not read for this. */
const EMPTY_DATABASE_BYTES = 1 << 20;

/**
 * Compares what backups have with what is there, by names; of files, whether they are empty now; of databases, whether they are there and have a record. It is the newest complete backup, and
 * those that had something when it was taken that was gone and that nobody had accepted; newest first. Empty where the project has no complete backup. Reads
 * the index and folders, changes nothing. Throws INTERRUPTED.
 */
export async function lostState(project: Project, signal?: AbortSignal): Promise<LostState[]> {
  const own = ownBackups(project).filter(({ kind }) => kind === 'migration');
  const newest = own.find(({ folder, manifest }) => manifest !== null && whyPartial(manifest, folder) === null);
  const lost = awayFrom(project, own.length === 0).map(notThere);
  if (newest === undefined) return lost;
  const before = goneBefore(newest);
  for (const backup of own) {
    if (backup !== newest && !before.has(backup.id)) continue;
    const newer = lost.flatMap(({ gone }) => gone);
    lost.push(await beside(project, backup, backup === newest ? null : newer, signal));
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

function notThere(backupId: string): LostState {
  const problem = 'it is not in the repository any more: either its disk is not mounted, or it was removed';
  return { backupId, gone: [], restore: null, less: false, problem };
}

/** The backups that had something which was gone when this one was taken. */
function goneBefore({ manifest }: ReadBackup): Set<unknown> {
  const said = manifest?.findings.filter(({ code }) => code === ('state-gone' satisfies FindingCode)) ?? [];
  return new Set(said.map(({ evidence }) => evidence?.['backupId']));
}

/** @param newer what is gone since newer backups, which comes back from those; null for the newest backup itself */
async function beside(
  project: Project,
  { id: backupId, folder, manifest }: ReadBackup,
  newer: readonly Gone[] | null,
  signal: AbortSignal | undefined,
): Promise<LostState> {
  const unknown = (problem: string): LostState => ({ backupId, gone: [], restore: null, less: false, problem });
  if (manifest === null) return unknown('its manifest cannot be read');
  const databases = databasesOf(manifest);
  const look = new Look(project.root, databases);
  try {
    for await (const batch of readIndex(path.join(folder, INDEX_FILE))) {
      throwIfInterrupted(signal);
      for (const entry of batch) look.at(entry);
    }
  } catch (error) {
    if (!(error instanceof BackupError) || error.code === 'INTERRUPTED') throw error;
    return unknown(error.message);
  }
  const emptied: Gone[] = [];
  for (const { path: database, records } of databases) {
    if (records === null || records === 0 || look.isGone(database)) continue;
    if (await isEmptied(toNative(project.root, database), signal))
      emptied.push({ path: database, files: 0, records, bytes: null });
  }
  const gone = [...look.gone(), ...emptied];
  if (gone.length === 0) return { backupId, gone, restore: null, less: false, problem: null };
  const named = newer === null ? ofNewest(gone) : ofOlder(gone, newer);
  const restore = named === null ? null : restoreLine(backupId, manifest, named);
  return { backupId, gone, restore, less: newer !== null && named?.length !== gone.length, problem: null };
}

/** What the line names: nothing means all of the backup, null that there is no line. */
function ofNewest(gone: readonly Gone[]): readonly Gone[] {
  return gone.length > NAMED_IN_LINE ? [] : gone;
}

/** All of an older backup would take the project back to it, and what a newer one has too would come back as it was long ago. */
function ofOlder(gone: readonly Gone[], newer: readonly Gone[]): readonly Gone[] | null {
  const first = gone.filter(
    (old) => !newer.some(({ path: place }) => isInside(place, old.path) || isInside(old.path, place)),
  );
  return first.length === 0 ? null : first.slice(0, NAMED_IN_LINE);
}

/** What is gone, in words: `leveldb (5 files), deployments (13 files) and 2 more`. */
export function sayGone(gone: readonly Gone[]): string {
  const named = gone.slice(0, NAMED_IN_MESSAGE).map(({ path: place, files, records, bytes }) => {
    if (bytes !== null) return `${escapeName(place)} (empty now, ${bytes} ${bytes === 1 ? 'byte' : 'bytes'} before)`;
    if (records !== null)
      return `${escapeName(place)} (empty now, ${records} ${records === 1 ? 'record' : 'records'} before)`;
    return files === 1 ? escapeName(place) : `${escapeName(place)} (${files} files)`;
  });
  const more = gone.length - NAMED_IN_MESSAGE;
  return more > 0 ? `${named.join(', ')} and ${more} more` : named.join(', ');
}

/** What to do about it. */
export function sayWayBack({ restore, less }: LostState): string {
  if (restore === null)
    return 'First bring back what is gone since the newer backup; migbackup status then has the line for the rest.';
  return less
    ? `${restore} brings back a part of it; migbackup status then has the next line.`
    : `${restore} brings it back.`;
}

function restoreLine(backupId: string, { config }: Manifest, named: readonly Gone[]): string {
  // A category of the same name is more than the path: a slash at the end makes it a path.
  const term = (place: string): string =>
    place === 'json' || Object.hasOwn(config.categories, place) ? `${place}/` : place;
  return shellLine(['migbackup', 'restore', backupId, ...named.flatMap(({ path: place }) => ['--only', term(place)])]);
}

function databasesOf({ categories }: Manifest): ManifestDatabase[] {
  return Object.values(categories).flatMap(({ sources }) => sources.flatMap(({ databases }) => databases ?? []));
}

async function isEmptied(dir: string, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    const bytes = fs.readdirSync(dir).reduce((sum, name) => sum + fs.lstatSync(path.join(dir, name)).size, 0);
    if (bytes > EMPTY_DATABASE_BYTES) return false;
    const files = folderFiles(dir);
    try {
      return (await readDatabase(files, { signal })).records === 0;
    } finally {
      files.close();
    }
  } catch (error) {
    // One that does not read is not known to be empty: other checks say what is wrong with it.
    if (error instanceof BackupError ? error.code !== 'INTERRUPTED' : errnoOf(error) !== undefined) return false;
    throw error;
  }
}

/** Which entries are not there any more. They come folder by folder, so one listing serves for all of a folder. */
class Look {
  readonly #root: string;
  readonly #databases: readonly string[];
  readonly #gone = new Map<string, number>();
  /** Files that are there and empty, with the bytes that they had. */
  readonly #emptied = new Map<string, number>();
  /** Files of each database that came before its CURRENT: only that tells whether it is gone. */
  readonly #before = new Map<string, number>();
  #folder = '';
  #names: ReadonlyMap<string, boolean> | null = null;

  constructor(root: string, databases: readonly ManifestDatabase[]) {
    this.#root = root;
    this.#databases = databases.map((database) => database.path);
  }

  at({ path: place, type, size }: Entry): void {
    if (type === 'dir') return;
    const database = this.#databases.find((folder) => isInside(place, folder));
    // The files of a database come and go by themselves; CURRENT is there as long as it is one.
    if (database !== undefined && place !== joined(database, 'CURRENT')) {
      if (this.#gone.has(database)) this.#add(database);
      else this.#before.set(database, (this.#before.get(database) ?? 0) + 1);
      return;
    }
    if (this.#isThere(place)) {
      if (database === undefined && type === 'file' && size > 0 && this.#isEmpty(place)) this.#emptied.set(place, size);
      return;
    }
    this.#add(database ?? this.#topmost(place), 1 + (this.#before.get(database ?? '') ?? 0));
  }

  isGone(database: string): boolean {
    return this.#gone.has(database) || [...this.#gone.keys()].some((place) => isInside(database, place));
  }

  gone(): Gone[] {
    const gone = [...this.#gone].map(([place, files]) => ({ path: place, files, records: null, bytes: null }));
    return [...gone, ...[...this.#emptied].map(([place, bytes]) => ({ path: place, files: 1, records: null, bytes }))];
  }

  #isEmpty(place: string): boolean {
    return isOr(false, () => {
      const stat = fs.lstatSync(toNative(this.#root, place), { throwIfNoEntry: false });
      return stat?.isFile() === true && stat.size === 0;
    });
  }

  #add(place: string, files = 1): void {
    this.#gone.set(place, (this.#gone.get(place) ?? 0) + files);
  }

  #isThere(place: string): boolean {
    const folder = parentOf(place);
    if (folder !== this.#folder) [this.#folder, this.#names] = [folder, namesIn(toNative(this.#root, folder))];
    // A folder that cannot be listed says nothing; a name may be spelled otherwise than the file system lists it.
    const name = place.slice(folder === '.' ? 0 : folder.length + 1);
    if (this.#names === null) return true;
    return this.#names.get(name) ?? this.#stands(place);
  }

  #stands(place: string): boolean {
    return isOr(true, () => lstatOrNull(toNative(this.#root, place))?.isDirectory() === false);
  }

  #topmost(place: string): string {
    let top = place;
    for (let up = parentOf(top); up !== '.'; up = parentOf(up)) {
      if (isOr(true, () => lstatOrNull(toNative(this.#root, up)) !== null)) break;
      top = up;
    }
    return top;
  }
}

/** What is so, or `unknown` where the system does not let itself be asked. */
function isOr(unknown: boolean, ask: () => boolean): boolean {
  try {
    return ask();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return unknown;
  }
}

/** Names in a folder, and whether each is something other than a folder; empty where it is not there, null where it cannot be listed. */
function namesIn(folder: string): Map<string, boolean> | null {
  try {
    const entries = fs.readdirSync(folder, { withFileTypes: true });
    return new Map(entries.map((entry) => [entry.name, !entry.isDirectory()]));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return new Map();
    if (errnoOf(error) === undefined) throw error;
    return null;
  }
}
