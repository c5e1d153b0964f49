/** A thread that packs batches. Started by `PackThreads`; gets a `PackJob`, answers with what `packBatch` makes of it. */
import { parentPort, workerData } from 'node:worker_threads';
import { packBatch, type PackJob } from './pack-batch.ts';

const root = String(workerData);
parentPort?.on('message', (job: PackJob) => {
  const packed = packBatch(root, job);
  const parts = packed === null ? [] : [packed.tar.buffer, packed.index.buffer, packed.sums.buffer];
  parentPort?.postMessage(packed, parts);
});
