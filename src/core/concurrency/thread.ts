import fs from 'node:fs';
import type { Worker } from 'node:worker_threads';
import { errnoOf } from '../model/backup-error.ts';

/** The errors with which a system says that this user may not have more threads (RLIMIT_NPROC, cgroup pids), or that there is no memory for one. */
const NO_MORE = new Set(['EAGAIN', 'ENOMEM', 'ERR_WORKER_INIT_FAILED', 'ERR_WORKER_OUT_OF_MEMORY']);

/**
 * Starts a thread that gets only `workerData`: no flags and no environment could change what it does. Null if the system refuses one. Callers then go
 * on without it, because a thread only saves time.
 */
export function startThread<Answer>(url: URL, workerData?: unknown): Thread<Answer> | null {
  // This makes libuv start its thread pool now. If the system refused it those threads later, libuv would abort the process.
  fs.access('.', () => {});
  // Loaded here, because most runs need no thread.
  const { Worker: NewWorker } = process.getBuiltinModule('node:worker_threads');
  try {
    return new Thread(new NewWorker(url, { workerData, execArgv: [], env: {} }));
  } catch (error) {
    if (NO_MORE.has(errnoOf(error) ?? '')) return null;
    throw error;
  }
}

/** A thread that answers its questions one after another. */
export class Thread<Answer> {
  readonly #worker: Worker;
  readonly #waiting: PromiseWithResolvers<Answer>[] = [];
  /** Why it does not answer any more. */
  #failure: unknown;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (answer: Answer) => this.#waiting.shift()?.resolve(answer));
    worker.on('error', (error) => this.#fail(error));
    worker.on('exit', () => this.#fail(new Error('a thread ended before it answered')));
  }

  /** @param given memory that the thread owns from now on */
  ask(question: unknown, given: readonly ArrayBuffer[] = []): Promise<Answer> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const answer = Promise.withResolvers<Answer>();
    this.#waiting.push(answer);
    this.#worker.postMessage(question, given);
    return answer.promise;
  }

  /** Ends the thread. Questions without an answer fail. */
  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
