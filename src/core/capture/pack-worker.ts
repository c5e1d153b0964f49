/** The thread that packs batches. `PackThreads` starts it. It gets a `PackJob` and answers with the result of `packBatch`. */
import { parentPort, workerData } from 'node:worker_threads';
import { packBatch, type PackJob } from './pack-batch.ts';

const root = String(workerData);
parentPort?.on('message', (job: PackJob) => {
  const packed = packBatch(root, job);
  const parts = packed === null ? [] : [packed.tar.buffer, packed.index.buffer, packed.sums.buffer];
  parentPort?.postMessage(packed, parts);
});
