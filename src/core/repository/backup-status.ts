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
}

/** The manifest, and what a look at names and sizes alone finds wrong. */
export function backupStatus(ref: BackupRef): BackupStatus {
  if (isVersion1(ref.folder)) return { manifest: null, problem: version1Listed(ref.folder).problem };
  try {
    const manifest = readManifest(ref.folder);
    if (manifest.backupId !== ref.id) return { manifest, problem: `its manifest is that of ${manifest.backupId}` };
    if (manifest.kind !== ref.kind) return { manifest, problem: `its manifest says kind ${manifest.kind}` };
    return { manifest, problem: archiveProblem(ref.folder, manifest) };
  } catch (error) {
    if (error instanceof BackupError) return { manifest: null, problem: error.message };
    throw error;
  }
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
