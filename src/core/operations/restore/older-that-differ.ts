import path from 'node:path';
import { createHash } from 'node:crypto';
import { databasesAt } from '../../extract/selection.ts';
import { namedIn, selectByName, selectEntries } from '../../scan/terms.ts';
import { encodeIndexLine } from '../../format/index-line.ts';
import { readIndex } from '../../format/index-file.ts';
import { INDEX_FILE } from '../../format/layout.ts';
import { BackupError, errnoOf, throwIfInterrupted } from '../../model/backup-error.ts';
import type { Project } from '../../model/category.ts';
import type { Manifest } from '../../model/manifest.ts';
import { ownBackups } from '../../repository/whose.ts';

interface Taken {
  readonly folder: string;
  readonly manifest: Manifest;
}

/**
 * Older backups of this project, newest first, that differ from `backup` in what `only` selects. A partial backup says nothing about what it was not
 * made of, so only that is compared which both are about.
 */
export async function olderThatDiffer(
  project: Project,
  backup: Taken,
  only: readonly string[],
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const older = ownBackups(project).flatMap(({ id, kind, folder, manifest }) =>
    kind === 'migration' && id < backup.manifest.backupId && manifest !== null ? [{ id, folder, manifest }] : [],
  );
  // The same tree gives the same index, byte for byte.
  const differing = older.filter(({ manifest }) => manifest.index.sha256 !== backup.manifest.index.sha256);
  const ids: string[] = [];
  let current: Promise<string | null> | undefined;
  for (const other of differing) {
    const isOfAll = only.length === 0 && isWhole(backup) && isWhole(other);
    if (isOfAll || (await differs(other))) ids.push(other.id);
  }
  return ids;

  async function differs(other: Taken): Promise<boolean> {
    const theirs = await hashOfShared(other, backup, only, signal);
    if (theirs === null) return false;
    if (!isWhole(other)) return theirs !== (await hashOfShared(backup, other, only, signal));
    return theirs !== (await (current ??= hashOfShared(backup, other, only, signal)));
  }
}

function isWhole({ manifest }: Taken): boolean {
  return (manifest.config.only ?? []).length === 0;
}

/**
 * The hash of the index lines of a backup that `only` selects and that the other one is about too, without their places in the archive; null if there
 * are none or the index cannot be read.
 */
async function hashOfShared(
  { folder, manifest }: Taken,
  other: Taken,
  only: readonly string[],
  signal: AbortSignal | undefined,
): Promise<string | null> {
  const isSelected = selectEntries(only, namedIn(manifest), databasesAt(manifest));
  const isShared = selectByName(other.manifest.config.only, namedIn(other.manifest));
  const hash = createHash('sha256');
  let some = false;
  try {
    for await (const batch of readIndex(path.join(folder, INDEX_FILE))) {
      throwIfInterrupted(signal);
      for (const entry of batch) {
        if (!isSelected(entry) || !isShared(entry)) continue;
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
