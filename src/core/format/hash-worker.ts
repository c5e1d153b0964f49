/** A thread that hashes what it is sent, in order. Started by `FileHash`; answers each part, and null with the SHA-256 of all since the last null. */
import { createHash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';

let hash = createHash('sha256');
parentPort?.on('message', (part: Uint8Array | null) => {
  if (part !== null) {
    hash.update(part);
    // Memory that was given to us goes at once: garbage outside of the heap is not collected before there is much of it.
    if (part.buffer instanceof ArrayBuffer) part.buffer.transfer(0);
    parentPort?.postMessage(null, []);
    return;
  }
  const digest = hash.digest('hex');
  hash = createHash('sha256');
  parentPort?.postMessage(digest, []);
});
