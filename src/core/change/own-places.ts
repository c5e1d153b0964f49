import path from 'node:path';
import { escapeName, shorten } from '../paths/names.ts';
import { foldKey, isInside } from '../paths/paths.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { Entry } from '../model/entry.ts';
import { readIndex } from '../format/index-file.ts';
import { INDEX_FILE } from '../format/layout.ts';
import { readManifest } from '../format/manifest-file.ts';
import type { SelectedBackup } from '../repository/selected.ts';
import { isRecorded, Owner } from '../repository/whose.ts';
import { isInRepository as isOfRepository } from '../repository/report-subject.ts';
import { CONFIG_FILE } from '../config/config-file.ts';
import { partNames } from '../databases/engines.ts';
import { identityOf } from '../config/identity.ts';
import { Ownership } from '../scan/ownership.ts';

/** Throws OTHER_PROJECT unless a backup is this project's. A backup of another project would overwrite this one. */
export function refuseOtherProject(project: Project, { id, folder, fromFile }: SelectedBackup): void {
  const place = fromFile ?? folder;
  const manifest = readManifest(folder);
  if (new Owner(project).owns(manifest, place)) return;
  const { name, root } = manifest.project;
  const whose = [name, root].filter((known) => known !== undefined).map((known) => shorten(escapeName(known)));
  const message = isRecorded(manifest)
    ? `${id} is a backup of another project: ${whose.join(', ')}`
    : `${id} does not say which project it belongs to, and it is not inside this one`;
  throw new BackupError('OTHER_PROJECT', message, {
    hint: 'Nothing was changed. If you mean this backup, add --accept-project. To look at it first, restore it elsewhere with --to DIR.',
    path: place,
  });
}

/**
 * Whether the project has lost its config, and this backup in its own repository, with its own id, holds the config. Then the categories of the
 * backup are those of the project, even if the config itself is not restored.
 */
export async function standsForConfig(project: Project, { folder, fromFile }: SelectedBackup): Promise<boolean> {
  if (project.config.file !== undefined || fromFile !== undefined) return false;
  if (!isOfRepository(project.repository, folder)) return false;
  if (readManifest(folder).project.id !== identityOf(project).id) return false;
  for await (const batch of readIndex(path.join(folder, INDEX_FILE))) if (batch.some(isConfig)) return true;
  return false;
}

/** The project's config itself. */
export function isConfig({ path: place, type }: Entry): boolean {
  return place === CONFIG_FILE && type === 'file';
}

/**
 * A manifest states its own sources, and a forged one may claim the whole project as a source. So a restore in place writes only what the project's
 * own config or preset would back up, unless `acceptSources` is set. It never writes into the repository. Throws UNSAFE_ARCHIVE.
 */
export function refuseForeignPlaces(project: Project, wanted: readonly Entry[], acceptSources: boolean): void {
  const inRepository = wanted.filter((entry) => isInRepository(project, entry.path));
  if (inRepository[0] !== undefined)
    throw refused(
      `${escapeName(inRepository[0].path)} is inside the folder that holds the backups`,
      inRepository,
      'Restore it elsewhere with --to DIR.',
    );
  if (acceptSources) return;
  const ownership = new Ownership(project.config.categories);
  const isOwned = ({ path: place, type }: Entry): boolean =>
    (type === 'dir' ? ownership.folderOwnerOf(place) : ownership.ownerOf(place)) !== undefined;
  const unowned = wanted.filter((entry) => !isOwned(entry));
  if (unowned.length === 0) return;
  // The parts of a database belong to its file, even if the patterns do not match their names.
  const owned = new Set(wanted.filter((entry) => isOwned(entry)).map((entry) => entry.path));
  const foreign = unowned.filter(({ path: place }) => !partNames(place).some(({ database }) => owned.has(database)));
  if (foreign[0] === undefined) return;
  const { category, source, path: first } = foreign[0];
  throw refused(
    `${escapeName(first)} (${escapeName(category)}/${escapeName(source)}) is in no source of this project`,
    foreign,
    'If you trust this backup, add --accept-sources. To look at it first, restore it elsewhere with --to DIR.',
  );
}

/** True for the folder of the backups and everything in it. Paths are compared as a file system does that ignores case and Unicode forms. */
export function isInRepository(project: Project, relative: string): boolean {
  const repository = path.relative(project.root, project.repository).split(path.sep).join('/');
  if (repository === '' || repository.startsWith('../')) return false;
  return isInside(foldKey(relative), foldKey(repository));
}

function refused(message: string, entries: readonly Entry[], hint: string): BackupError {
  const more = entries.length > 1 ? ` (and ${entries.length - 1} more)` : '';
  return new BackupError('UNSAFE_ARCHIVE', `${message}${more}`, {
    hint: `Nothing was changed. ${hint}`,
    details: { paths: entries.map((entry) => entry.path) },
  });
}
