import { toNative } from '../paths/paths.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Context } from '../model/event.ts';
import type { LeveldbFacts, Manifest } from '../model/manifest.ts';
import { proveCopy } from '../databases/leveldb/proof/proof.ts';
import { folderFiles, readStore } from '../databases/leveldb/format/reader.ts';

/**
 * Opens what was restored: every store must hold the entries and the digest that the manifest states, read by our reader in place (which
 * changes nothing) and by LevelDB in a scratch copy. Throws POST_CHECK_FAILED.
 * @param scratch where that copy is made and removed; nothing is there yet
 */
export async function proveRestoredStores(
  manifest: Manifest,
  root: string,
  scratch: string,
  restored: (store: string) => boolean,
  context: Context,
): Promise<void> {
  const stores = Object.values(manifest.categories).flatMap((category) =>
    category.sources.flatMap((source) => source.leveldb ?? []),
  );
  for (const store of stores)
    if (restored(store.path)) await proveOne(store, toNative(root, store.path), scratch, context);
}

async function proveOne(stated: LeveldbFacts, dir: string, scratch: string, context: Context): Promise<void> {
  const files = folderFiles(dir);
  try {
    const found = await readStore(files, { signal: context.signal });
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

function compare(stated: LeveldbFacts, found: { entries: number | null; digest: string | null }, dir: string): void {
  if (found.entries === stated.entries && found.digest === stated.digest) return;
  throw new BackupError(
    'POST_CHECK_FAILED',
    `${stated.path} holds ${found.entries} entries after the restore, the backup holds ${stated.entries}`,
    {
      hint: 'The restore was taken back. The disk or memory may be failing.',
      path: dir,
    },
  );
}
