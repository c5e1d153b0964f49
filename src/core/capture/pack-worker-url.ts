/** Where the thread's code is: beside this file in the sources, a `data:` URL inside the bundle (scripts/bundle/embed-workers.ts). */
export const packWorkerUrl = new URL('./pack-worker.ts', import.meta.url);
