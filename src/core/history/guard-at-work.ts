import path from 'node:path';
import { lstatOrNull } from '../fs/durable.ts';
import { LOCK_FILE } from '../format/layout.ts';
import { BackupError } from '../model/backup-error.ts';
import { acquireLock } from '../repository/lock.ts';
import { guardFolder, readMarker } from './marker.ts';
import { GUARD_VARIABLE, survivors } from './survivors.ts';

/**
 * The error LOCKED while a guarded command is at work in the project: its guard is running, or was killed while the command goes on (only Linux can
 * tell). Null if there is no such command. If the lock file does not exist, the lock is free, and the file is not made to find out.
 */
export function guardAtWork(root: string): BackupError | null {
  const folder = guardFolder(root);
  if (lstatOrNull(path.join(folder, LOCK_FILE)) === null) return null;
  try {
    acquireLock(folder, 'look').release();
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    // This user may not take the lock, so nothing is known. The project's own lock will say why.
    if (error.code === 'IO') return null;
    if (error.code !== 'LOCKED') throw error;
    return new BackupError('LOCKED', `a guarded command is at work in this project: ${error.message}`, {
      hint: 'Nothing was changed. Wait until it has ended, then run the command again.',
      path: root,
      cause: error,
    });
  }
  const marker = readMarker(root);
  const pids = marker === null ? [] : survivors(marker.token);
  if (pids.length === 0) return null;
  const message = `migbackup was killed while it guarded a command, and the command is still running (pid ${pids.join(', ')})`;
  return new BackupError('LOCKED', message, {
    hint: `Nothing was changed. Stop it with: kill ${pids.join(' ')}. Then run the command again.`,
    path: root,
    details: { pids },
  });
}

/**
 * Throws LOCKED while a guarded command is at work, because two processes would change the project at the same time. A migbackup that the command
 * itself runs is part of it and is not refused. The caller holds the project's lock, so that no guard begins meanwhile.
 */
export function refuseWhileGuarded(root: string): void {
  const atWork = guardAtWork(root);
  if (atWork === null) return;
  const token = process.env[GUARD_VARIABLE];
  if (token === undefined || token !== readMarker(root)?.token) throw atWork;
}
