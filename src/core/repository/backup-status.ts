import path from 'node:path';
import { lstatOrNull } from '../fs/durable.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Manifest } from '../model/manifest.ts';
import type { BackupRef } from './catalog.ts';
import { readManifest } from '../format/manifest-file.ts';
import { isVersion1, version1Listed } from '../format/version1.ts';

export interface BackupStatus {
  /** Null where it cannot be read, and for a backup of format version 1, whose manifest is not believed. */
  readonly manifest: Manifest | null;
  /** The first problem that was seen. Null does not mean that the backup is good. */
  readonly problem: string | null;
  /** What to do if this user may not read the backup. Then `problem` says only that, and the backup may be good. */
  readonly forbidden: string | null;
}

/** The manifest, and the first problem that names and sizes alone show. */
export function backupStatus(ref: BackupRef): BackupStatus {
  if (isVersion1(ref.folder)) return seen(null, version1Listed(ref.folder).problem);
  try {
    const manifest = readManifest(ref.folder);
    if (manifest.backupId !== ref.id) return seen(manifest, `its manifest belongs to ${manifest.backupId}`);
    if (manifest.kind !== ref.kind) return seen(manifest, `its manifest says kind ${manifest.kind}`);
    return seen(manifest, archiveProblem(ref.folder, manifest));
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    return { manifest: null, problem: error.message, forbidden: error.code === 'IO' ? error.hint : null };
  }
}

function seen(manifest: Manifest | null, problem: string | null): BackupStatus {
  return { manifest, problem, forbidden: null };
}

function archiveProblem(folder: string, manifest: Manifest): string | null {
  for (const { archive } of Object.values(manifest.categories)) {
    if (archive === undefined) continue;
    const stat = lstatOrNull(path.join(folder, archive.file));
    if (stat === null) return `${archive.file} is missing`;
    if (stat.size !== BigInt(archive.size)) return `${archive.file} has ${stat.size} bytes instead of ${archive.size}`;
  }
  return null;
}
