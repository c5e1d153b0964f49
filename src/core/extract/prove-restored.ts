import { toNative } from '../paths/paths.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Context } from '../model/event.ts';
import type { DatabaseFacts, ManifestDatabase } from '../model/database.ts';
import { databasesOf } from '../model/stated-databases.ts';
import type { Manifest } from '../model/manifest.ts';
import { sayRecords } from '../model/say-records.ts';
import { partsOnDisk } from '../databases/parts-on-disk.ts';
import { engineOf } from '../databases/engines.ts';

/**
 * Opens what was restored: every database must hold the records and the digest that the manifest states, read from a scratch copy. Throws
 * POST_CHECK_FAILED.
 * @param scratch where that copy is made and removed; nothing is there yet
 */
export async function proveRestoredDatabases(
  manifest: Manifest,
  root: string,
  scratch: string,
  restored: (database: ManifestDatabase) => boolean,
  context: Context,
): Promise<void> {
  for (const database of databasesOf(manifest))
    if (restored(database)) await proveOne(database, toNative(root, database.path), scratch, context);
}

async function proveOne(stated: ManifestDatabase, place: string, scratch: string, context: Context): Promise<void> {
  const { signal } = context;
  const engine = engineOf(stated.engine);
  const files = partsOnDisk(engine, place);
  try {
    compare(stated, await engine.prove(files, { scratch, signal }), place);
  } catch (error) {
    if (!(error instanceof BackupError) || error.code !== 'NO_SPACE') throw error;
    // Every byte was already compared with the backup. A disk that is too small for this proof is no reason to take back a good restore.
    if (engine.inspect !== null) compare(stated, await engine.inspect(files, signal), place);
    const message = `${stated.path} was checked, but not opened with ${engine.title}: ${error.message}`;
    context.onEvent?.({ type: 'note', message });
  } finally {
    files.close();
  }
}

function compare(stated: ManifestDatabase, found: DatabaseFacts, place: string): void {
  if (found.records === stated.records && found.digest === stated.digest) return;
  throw new BackupError(
    'POST_CHECK_FAILED',
    `after the restore ${stated.path} is not what the backup holds: it has ${sayRecords(found)}, the backup has ${sayRecords(stated)}`,
    { hint: 'The restore was taken back. Check the disk and the memory: one of them may be failing.', path: place },
  );
}
