/** The code of a process that proves a copy; in the bundle it is a `data:` URL (scripts/bundle/embed-workers.ts). */
export const proverWorkerUrl = new URL('./prover-worker.ts', import.meta.url);
