import path from 'node:path';
import { createHash } from 'node:crypto';
import { databasesAt } from '../../extract/selection.ts';
import { namedIn, selectEntries } from '../../scan/terms.ts';
import { encodeIndexLine } from '../../format/index-line.ts';
import { readIndex } from '../../format/index-file.ts';
import { INDEX_FILE } from '../../format/layout.ts';
import { BackupError, errnoOf, throwIfInterrupted } from '../../model/backup-error.ts';
import type { Project } from '../../model/category.ts';
import type { Manifest } from '../../model/manifest.ts';
import { ownBackups } from '../../repository/whose.ts';

/** Older backups of this project, newest first, that differ from the backup in `folder` in what `only` selects. */
export async function olderThatDiffer(
  project: Project,
  { folder, manifest }: { readonly folder: string; readonly manifest: Manifest },
  only: readonly string[],
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const older = ownBackups(project).flatMap((backup) =>
    backup.kind === 'migration' && backup.id < manifest.backupId && backup.manifest !== null
      ? [{ ...backup, manifest: backup.manifest }]
      : [],
  );
  // The same tree gives the same index, byte for byte.
  const differing = older.filter((backup) => backup.manifest.index.sha256 !== manifest.index.sha256);
  if (only.length === 0) return differing.map(({ id }) => id);
  const current = await hashOfSelected(folder, manifest, only, signal);
  const ids: string[] = [];
  for (const backup of differing) {
    const other = await hashOfSelected(backup.folder, backup.manifest, only, signal);
    if (other !== null && other !== current) ids.push(backup.id);
  }
  return ids;
}

/** The hash of the selected index lines without their places in the archive; null if nothing is selected or the index cannot be read. */
async function hashOfSelected(
  folder: string,
  manifest: Manifest,
  only: readonly string[],
  signal: AbortSignal | undefined,
): Promise<string | null> {
  const isSelected = selectEntries(only, namedIn(manifest), databasesAt(manifest));
  const hash = createHash('sha256');
  let some = false;
  try {
    for await (const batch of readIndex(path.join(folder, INDEX_FILE))) {
      throwIfInterrupted(signal);
      for (const entry of batch.filter(isSelected)) {
        hash.update(encodeIndexLine({ ...entry, offset: 0 }));
        some = true;
      }
    }
  } catch (error) {
    const refused = error instanceof BackupError ? error.code !== 'INTERRUPTED' : errnoOf(error) !== undefined;
    if (!refused) throw error;
    return null;
  }
  return some ? hash.digest('hex') : null;
}
