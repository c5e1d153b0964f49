import path from 'node:path';
import { mkdirDurable } from '../fs/durable.ts';
import { STATE_FOLDER } from '../fs/paths.ts';
import { errnoOf } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import { ensureStore } from '../store/work-folder.ts';
import { assertRealState } from '../transaction/state-folder.ts';
import { acquireLock, type Lock } from '../store/lock.ts';

/** errno values that say: this place cannot be written at all, so nobody can change it either. */
const READ_ONLY = new Set(['EACCES', 'EPERM', 'EROFS']);

/**
 * Runs `work` while holding the project's lock and then the store's, always in this order. A project that cannot be
 * written needs no lock of its own: no restore can change it. Throws LOCKED if another migbackup holds either, and UNSAFE_TARGET if something
 * else stands where our folder belongs.
 */
export async function withLocks<T>(project: Project, command: string, work: () => Promise<T>): Promise<T> {
  const projectLock = lockProject(project.root, command);
  try {
    ensureStore(project.store);
    const storeLock = acquireLock(project.store, command);
    try {
      return await work();
    } finally {
      storeLock.release();
    }
  } finally {
    projectLock?.release();
  }
}

function lockProject(root: string, command: string): Lock | null {
  assertRealState(root);
  const state = path.join(root, STATE_FOLDER);
  try {
    mkdirDurable(state, 0o700);
  } catch (error) {
    if (READ_ONLY.has(errnoOf(error) ?? '')) return null;
    throw error;
  }
  return acquireLock(state, command);
}
