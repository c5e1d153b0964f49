import { toNative } from '../paths/paths.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Context } from '../model/event.ts';
import type { ManifestDatabase, Manifest } from '../model/manifest.ts';
import { proveCopy } from '../databases/leveldb/proof/proof.ts';
import { folderFiles, readDatabase } from '../databases/leveldb/format/reader.ts';

/**
 * Opens what was restored: every database must hold the entries and the digest that the manifest states, read by our reader in place (which
 * changes nothing) and by LevelDB in a scratch copy. Throws POST_CHECK_FAILED.
 * @param scratch where that copy is made and removed; nothing is there yet
 */
export async function proveRestoredDatabases(
  manifest: Manifest,
  root: string,
  scratch: string,
  restored: (database: string) => boolean,
  context: Context,
): Promise<void> {
  const databases = Object.values(manifest.categories).flatMap((category) =>
    category.sources.flatMap((source) => source.databases ?? []),
  );
  for (const database of databases)
    if (restored(database.path)) await proveOne(database, toNative(root, database.path), scratch, context);
}

async function proveOne(stated: ManifestDatabase, dir: string, scratch: string, context: Context): Promise<void> {
  const files = folderFiles(dir);
  try {
    const found = await readDatabase(files, { signal: context.signal });
    compare(stated, found, dir);
    if (!stated.readers.includes('classic-level')) return;
    compare(stated, await proveCopy(files, scratch, context.signal), dir);
  } catch (error) {
    if (!(error instanceof BackupError) || error.code !== 'NO_SPACE') throw error;
    // Our own reader found it exact: too small a disk is no reason to take a good restore back.
    context.onEvent?.({
      type: 'note',
      message: `${stated.path} was checked, but not opened with LevelDB: ${error.message}`,
    });
  } finally {
    files.close();
  }
}

function compare(
  stated: ManifestDatabase,
  found: { records: number | null; digest: string | null },
  dir: string,
): void {
  if (found.records === stated.records && found.digest === stated.digest) return;
  throw new BackupError(
    'POST_CHECK_FAILED',
    `${stated.path} holds ${found.records} records after the restore, the backup holds ${stated.records}`,
    {
      hint: 'The restore was taken back. The disk or memory may be failing.',
      path: dir,
    },
  );
}
