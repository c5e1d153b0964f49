import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { removeTree } from '../../fs/durable.ts';
import { toNative } from '../../fs/paths.ts';
import { BackupError } from '../../model/backup-error.ts';
import type { Context } from '../../model/event.ts';
import type { LeveldbFacts, Manifest } from '../../model/manifest.ts';
import { proveWithClassicLevel } from '../../sources/leveldb/proof.ts';
import { folderFiles, readStore } from '../../sources/leveldb/reader.ts';
import { makeScratch } from '../../sources/leveldb/scratch.ts';

/**
 * Opens what was restored: every store must hold the entries and the digest that the manifest states, read by our reader in place (which
 * changes nothing) and by LevelDB in a scratch copy. Throws POST_CHECK_FAILED.
 */
export async function proveRestoredStores(
  manifest: Manifest,
  root: string,
  restored: (store: string) => boolean,
  context: Context,
): Promise<void> {
  const stores = Object.values(manifest.categories).flatMap((category) =>
    category.sources.flatMap((source) => source.leveldb ?? []),
  );
  for (const store of stores) if (restored(store.path)) await proveOne(store, toNative(root, store.path), context);
}

async function proveOne(stated: LeveldbFacts, dir: string, context: Context): Promise<void> {
  const files = folderFiles(dir);
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'migbackup-check-'));
  try {
    const found = await readStore(files, { signal: context.signal });
    compare(stated, found, dir);
    if (!stated.readers.includes('classic-level')) return;
    makeScratch(files, path.join(scratch, 'store'));
    compare(stated, await proveWithClassicLevel(path.join(scratch, 'store'), context.signal), dir);
  } finally {
    files.close();
    removeTree(scratch);
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
