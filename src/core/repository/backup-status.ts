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
  /** The first thing that is seen to be wrong; null proves nothing. */
  readonly problem: string | null;
  /** What to do where this user may not read it: then nothing is known of it, and nothing is seen to be wrong. */
  readonly forbidden: string | null;
}

/** The manifest, and what a look at names and sizes alone finds wrong. */
export function backupStatus(ref: BackupRef): BackupStatus {
  if (isVersion1(ref.folder)) return seen(null, version1Listed(ref.folder).problem);
  try {
    const manifest = readManifest(ref.folder);
    if (manifest.backupId !== ref.id) return seen(manifest, `its manifest is that of ${manifest.backupId}`);
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
