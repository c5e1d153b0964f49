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
 * Makes a scratch folder among the work folders of the repository, and holds the repository's lock until `dispose`. If the run is killed, the next
 * one that takes the lock removes the folder. Without a repository, the folder is made where temporary files are. Throws LOCKED or
 * REPOSITORY_UNWRITABLE.
 */
export function openScratchFolder(repository: string | null, command: string): ScratchFolder {
  if (repository === null || lstatOrNull(repository) === null) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'migbackup-'));
    return { path: folder, dispose: () => removeTree(folder) };
  }
  checkWritable(repository);
  const lock = acquireLock(repository, command);
  const folder = path.join(repository, `${PARTIAL_PREFIX}scratch-${randomBytes(4).toString('hex')}`);
  const dispose = (): void => {
    try {
      removeTree(folder);
    } finally {
      lock.release();
    }
  };
  try {
    cleanStale(repository);
    fs.mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    dispose();
    throw error;
  }
  return { path: folder, dispose };
}

function checkWritable(repository: string): void {
  try {
    fs.accessSync(repository, fs.constants.W_OK);
  } catch (cause) {
    throw new BackupError('REPOSITORY_UNWRITABLE', `the backups folder cannot be written: ${repository}`, {
      hint: 'Make it writable, or choose another with --backups DIR.',
      path: repository,
      cause,
    });
  }
}
