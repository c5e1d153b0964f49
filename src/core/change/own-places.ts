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

/** Throws OTHER_PROJECT unless a backup is this project's: another's would be put over it. */
export function refuseOtherProject(project: Project, { id, folder, fromFile }: SelectedBackup): void {
  const place = fromFile ?? folder;
  const manifest = readManifest(folder);
  if (new Owner(project).owns(manifest, place)) return;
  const { name, root } = manifest.project;
  const whose = [name, root].filter((known) => known !== undefined).map((known) => shorten(escapeName(known)));
  const message = isRecorded(manifest)
    ? `${id} is a backup of another project: ${whose.join(', ')}`
    : `nothing in ${id} says whose backup it is, and it does not lie in this project`;
  throw new BackupError('OTHER_PROJECT', message, {
    hint: 'Nothing was changed. If it is what you mean, add --accept-project; or look at it first with --to DIR.',
    path: place,
  });
}

/**
 * Whether the project has lost its config, and this backup of it, which stands in its repository and has its id, holds it: then the backup knows what the
 * project's categories are, also where the config itself is not asked for.
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
 * A manifest states its own sources, and whoever made it may have stated the whole project. In place only that is written which the
 * project's own config or preset would back up, unless `acceptSources`; the repository never is. Throws UNSAFE_ARCHIVE.
 */
export function refuseForeignPlaces(project: Project, wanted: readonly Entry[], acceptSources: boolean): void {
  const inRepository = wanted.filter((entry) => isInRepository(project, entry.path));
  if (inRepository[0] !== undefined)
    throw refused(
      `${escapeName(inRepository[0].path)} lies in the folder of the backups`,
      inRepository,
      'Use --to DIR.',
    );
  if (acceptSources) return;
  const ownership = new Ownership(project.config.categories);
  const isOwned = ({ path: place, type }: Entry): boolean =>
    (type === 'dir' ? ownership.folderOwnerOf(place) : ownership.ownerOf(place)) !== undefined;
  const unowned = wanted.filter((entry) => !isOwned(entry));
  if (unowned.length === 0) return;
  // The parts of a database go where its file goes, whatever the patterns say of their names.
  const owned = new Set(wanted.filter((entry) => isOwned(entry)).map((entry) => entry.path));
  const foreign = unowned.filter(({ path: place }) => !partNames(place).some(({ database }) => owned.has(database)));
  if (foreign[0] === undefined) return;
  const { category, source, path: first } = foreign[0];
  throw refused(
    `${escapeName(first)} (${escapeName(category)}/${escapeName(source)}) is in no source of this project`,
    foreign,
    'If you trust this backup, add --accept-sources; or look at it first with --to DIR.',
  );
}

/** True for the folder of the backups and all in it, as the most forgiving file system spells it. */
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
