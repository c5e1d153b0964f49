import fs from 'node:fs';
import type { Worker } from 'node:worker_threads';
import { errnoOf } from '../model/backup-error.ts';

/** How a system says that it gives this user no more threads (RLIMIT_NPROC, cgroup pids), or no memory for one. */
const NO_MORE = new Set(['EAGAIN', 'ENOMEM', 'ERR_WORKER_INIT_FAILED', 'ERR_WORKER_OUT_OF_MEMORY']);

/**
 * Starts a thread of ours, which gets nothing but `workerData`: no flags, no environment to be led astray by. Null if the system has none to
 * give: a thread only ever saves time.
 */
export function startThread(url: URL, workerData?: unknown): Worker | null {
  // Makes libuv start its pool, for which it takes no refusal: the process would be aborted.
  fs.access('.', () => {});
  // Loaded here: most runs need none.
  const { Worker: NewWorker } = process.getBuiltinModule('node:worker_threads');
  try {
    return new NewWorker(url, { workerData, execArgv: [], env: {} });
  } catch (error) {
    if (NO_MORE.has(errnoOf(error) ?? '')) return null;
    throw error;
  }
}
