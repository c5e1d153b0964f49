import fs from 'node:fs';
import type { Worker } from 'node:worker_threads';
import { errnoOf } from '../model/backup-error.ts';

/** The errors with which a system says that this user may not have more threads (RLIMIT_NPROC, cgroup pids), or that there is no memory for one. */
const NO_MORE = new Set(['EAGAIN', 'ENOMEM', 'ERR_WORKER_INIT_FAILED', 'ERR_WORKER_OUT_OF_MEMORY']);

/**
 * Starts a thread that gets only `workerData`: no flags and no environment could change what it does. Null if the system refuses one. Callers then go
 * on without it, because a thread only saves time.
 */
export function startThread(url: URL, workerData?: unknown): Worker | null {
  // This makes libuv start its thread pool now. If the system refused it those threads later, libuv would abort the process.
  fs.access('.', () => {});
  // Loaded here, because most runs need no thread.
  const { Worker: NewWorker } = process.getBuiltinModule('node:worker_threads');
  try {
    return new NewWorker(url, { workerData, execArgv: [], env: {} });
  } catch (error) {
    if (NO_MORE.has(errnoOf(error) ?? '')) return null;
    throw error;
  }
}
