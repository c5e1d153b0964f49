import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { lstatOrNull, removeTree } from '../fs/durable.ts';
import { BackupError } from '../model/backup-error.ts';
import { PARTIAL_PREFIX } from '../format/layout.ts';
import { acquireLock } from './lock.ts';
import { cleanStale } from './work-folder.ts';

/** A private folder for work that leaves nothing behind. */
export interface ScratchFolder {
  readonly path: string;
  dispose(): void;
}

/**
 * Makes a scratch folder among the work folders of the store, whose lock is held until `dispose`: what a killed run leaves is removed by
 * the next one that takes the lock. Without a store it is made where temporary files are. Throws LOCKED or STORE_UNWRITABLE.
 */
export function openScratchFolder(store: string | null, command: string): ScratchFolder {
  if (store === null || lstatOrNull(store) === null) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'migbackup-'));
    return { path: folder, dispose: () => removeTree(folder) };
  }
  checkWritable(store);
  const lock = acquireLock(store, command);
  const folder = path.join(store, `${PARTIAL_PREFIX}scratch-${randomBytes(4).toString('hex')}`);
  const dispose = (): void => {
    try {
      removeTree(folder);
    } finally {
      lock.release();
    }
  };
  try {
    cleanStale(store);
    fs.mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    dispose();
    throw error;
  }
  return { path: folder, dispose };
}

function checkWritable(store: string): void {
  try {
    fs.accessSync(store, fs.constants.W_OK);
  } catch (cause) {
    throw new BackupError('STORE_UNWRITABLE', `the backups folder cannot be written: ${store}`, {
      hint: 'Make it writable, or choose another with --backups DIR.',
      path: store,
      cause,
    });
  }
}
