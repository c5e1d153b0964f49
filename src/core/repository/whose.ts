import path from 'node:path';
import { ownId } from '../config/checkout.ts';
import { identityOf, markedNames, type Identity } from '../config/identity.ts';
import { readManifest } from '../format/manifest-file.ts';
import { isVersion1 } from '../format/version1.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { Manifest, ProjectNames } from '../model/manifest.ts';
import { realPathAsFar } from '../paths/paths.ts';
import { listBackups, type BackupRef } from './catalog.ts';
import { isInRepository } from './report-subject.ts';

/** A backup of a repository, and what its manifest says; null where that cannot be read, and in format version 1, where it is not believed. */
export interface ReadBackup extends BackupRef {
  readonly manifest: Manifest | null;
  /** Set if this user may not read the manifest: why, and what to do about it. */
  readonly forbidden: BackupError | null;
}

/** Whether a place is the URL of a copy in a remote, and not a path. */
function isRemotePlace(place: string): boolean {
  return /^(s3|file):\/\//.test(place);
}

/** Tells a project's backups from those of others that use the same repository. */
export class Owner {
  readonly identity: Identity;
  readonly #repository: string;

  constructor(project: Project) {
    this.identity = identityOf(project);
    this.#repository = project.repository;
  }

  /**
   * Whether a backup is this project's. The first of these that both have decides: the project's id, the git remote. Otherwise the backup is this
   * project's if it still stands in a repository inside the project, at the place where it was made, or if both have the same root. A backup that
   * records none of these (an older one, or one whose manifest cannot be read) belongs to the project whose root it stands in.
   * @param place its folder or exported file, or the URL of a copy
   */
  owns(manifest: Manifest | null, place: string): boolean {
    const { id, remote, root, repository } = manifest?.project ?? {};
    if (isRemotePlace(place)) return isSame(this.identity, manifest?.project ?? {});
    const mine = this.identity;
    if (!isRecorded(manifest)) return isBelow(mine.root, place);
    const [own, theirs] = [ownId(mine.id), ownId(id)];
    if (own !== undefined && theirs !== undefined) return own === theirs;
    if (mine.remote !== undefined && remote !== undefined) return mine.remote === remote;
    const here = repository !== undefined && repository === mine.repository;
    return (here && isInRepository(this.#repository, place)) || root === mine.root;
  }

  /** The same of a copy in a remote, which stands in no repository. One that records nothing is nobody's. */
  ownsCopy({ project, encryption }: { readonly project: ProjectNames; readonly encryption: object | null }): boolean {
    return isSame(encryption === null ? this.identity : markedNames(this.identity), project);
  }
}

function isSame(mine: ProjectNames, { id, remote, root }: ProjectNames): boolean {
  const [own, theirs] = [ownId(mine.id), ownId(id)];
  if (own !== undefined && theirs !== undefined) return own === theirs;
  if (mine.remote !== undefined && remote !== undefined) return mine.remote === remote;
  return root !== undefined && root === mine.root;
}

/** Whether a manifest says whose backup it is. */
export function isRecorded(manifest: Manifest | null): boolean {
  const { id, remote, root } = manifest?.project ?? {};
  return (id ?? remote ?? root) !== undefined;
}

/** The project's backups, newest first. */
export function ownBackups(project: Project): ReadBackup[] {
  const owner = new Owner(project);
  return readBackups(project.repository).filter(({ manifest, folder }) => owner.owns(manifest, folder));
}

/** Every backup of a repository, newest first. */
export function readBackups(repository: string): ReadBackup[] {
  return listBackups(repository).map((ref) => ({ ...ref, ...manifestOf(ref.folder) }));
}

/** The manifest of a backup in a folder, if it can be read; `forbidden` says that this user may not. */
export function manifestOf(folder: string): Pick<ReadBackup, 'manifest' | 'forbidden'> {
  if (isVersion1(folder)) return { manifest: null, forbidden: null };
  try {
    return { manifest: readManifest(folder), forbidden: null };
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    return { manifest: null, forbidden: error.code === 'IO' ? error : null };
  }
}

function isBelow(root: string, place: string): boolean {
  const inRoot = path.relative(root, realPathAsFar(place));
  return inRoot !== '' && inRoot !== '..' && !inRoot.startsWith(`..${path.sep}`) && !path.isAbsolute(inRoot);
}
