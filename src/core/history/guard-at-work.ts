import path from 'node:path';
import { lstatOrNull } from '../fs/durable.ts';
import { LOCK_FILE } from '../format/layout.ts';
import { BackupError } from '../model/backup-error.ts';
import { acquireLock } from '../repository/lock.ts';
import { guardFolder, readMarker } from './marker.ts';
import { GUARD_VARIABLE, survivors } from './survivors.ts';

/**
 * The error LOCKED while a guarded command is at work in the project: its guard lives, or was killed and what it ran still runs (which only
 * Linux shows). Null where nothing is. A lock that nobody ever took is free, and none is made to find out.
 */
export function guardAtWork(root: string): BackupError | null {
  const folder = guardFolder(root);
  if (lstatOrNull(path.join(folder, LOCK_FILE)) === null) return null;
  try {
    acquireLock(folder, 'look').release();
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    // Where this user may not take it, nothing can be told; the project's own lock then says what there is to say.
    if (error.code === 'IO') return null;
    if (error.code !== 'LOCKED') throw error;
    return new BackupError('LOCKED', `a guarded command is at work in this project: ${error.message}`, {
      hint: 'Wait until it has ended, then run the command again. Nothing was changed.',
      path: root,
      cause: error,
    });
  }
  const marker = readMarker(root);
  const pids = marker === null ? [] : survivors(marker.token);
  if (pids.length === 0) return null;
  const message = `migbackup was killed while it guarded a command, and that still runs (pid ${pids.join(', ')})`;
  return new BackupError('LOCKED', message, {
    hint: `Stop it with: kill ${pids.join(' ')}. Then run the command again. Nothing was changed.`,
    path: root,
    details: { pids },
  });
}

/**
 * Throws LOCKED while a guarded command is at work: whoever else changed the project then would have it changed under his hands. What that command
 * runs itself is part of it. The caller holds the project's lock, so that no guard begins meanwhile.
 */
export function refuseWhileGuarded(root: string): void {
  const atWork = guardAtWork(root);
  if (atWork === null) return;
  const token = process.env[GUARD_VARIABLE];
  if (token === undefined || token !== readMarker(root)?.token) throw atWork;
}
