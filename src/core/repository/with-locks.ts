import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mkdirDurable } from '../fs/durable.ts';
import { STATE_FOLDER } from '../paths/paths.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { OnEvent } from '../model/event.ts';
import { ensureRepository } from './work-folder.ts';
import { assertRealState } from '../transaction/state-folder.ts';
import { acquireLock, type Lock } from './lock.ts';

/** errno values which mean that nothing can be written here, so nobody can change the project either. */
const READ_ONLY = new Set(['EACCES', 'EPERM', 'EROFS']);

const LOOK_EVERY_MS = 100;
const SAY_AFTER_MS = 1000;

/** For work that must not fail because another migbackup is busy for a moment. */
export interface LockWait {
  /** How long to wait for both locks together. */
  readonly ms: number;
  /** Told once, after a second, who holds the lock. */
  readonly onEvent: OnEvent | undefined;
}

/**
 * Runs `work` while holding the project's lock and then the repository's, always in this order. A project that cannot be
 * written needs no lock of its own: no restore can change it. Throws LOCKED if another migbackup holds either (with `wait`: if it still does after that time),
 * and UNSAFE_TARGET if something else stands where our folder belongs.
 */
export async function withLocks<T>(
  project: Project,
  command: string,
  work: () => Promise<T>,
  wait?: LockWait,
): Promise<T> {
  const patience = new Patience(wait);
  const state = stateFolder(project.root);
  const projectLock = state === null ? null : await patience.take(state, command);
  try {
    ensureRepository(project.repository);
    const repositoryLock = await patience.take(project.repository, command);
    try {
      return await work();
    } finally {
      repositoryLock.release();
    }
  } finally {
    projectLock?.release();
  }
}

/** Null where it cannot be made. */
function stateFolder(root: string): string | null {
  assertRealState(root);
  const state = path.join(root, STATE_FOLDER);
  try {
    mkdirDurable(state, 0o700);
  } catch (error) {
    if (READ_ONLY.has(errnoOf(error) ?? '')) return null;
    throw error;
  }
  return state;
}

/** Takes locks, and waits for all of them together no longer than it was told. */
class Patience {
  readonly #wait: LockWait;
  readonly #began = performance.now();
  #said = false;

  constructor(wait: LockWait = { ms: 0, onEvent: undefined }) {
    this.#wait = wait;
  }

  async take(dir: string, command: string): Promise<Lock> {
    for (;;) {
      try {
        return acquireLock(dir, command);
      } catch (error) {
        if (!(error instanceof BackupError) || error.code !== 'LOCKED') throw error;
        this.#goOn(error);
      }
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** Throws when the time is up. */
  #goOn(locked: BackupError): void {
    const { ms, onEvent } = this.#wait;
    if (ms === 0) throw locked;
    const waited = performance.now() - this.#began;
    const seconds = `${Math.round(ms / 1000)} s`;
    if (waited >= ms) {
      const { hint, path: dir = '', cause } = locked;
      throw new BackupError('LOCKED', `${locked.message}, and stayed so for ${seconds}`, { hint, path: dir, cause });
    }
    if (this.#said || waited < SAY_AFTER_MS) return;
    this.#said = true;
    onEvent?.({ type: 'note', message: `${locked.message}; waiting for it, at most ${seconds}` });
  }
}
