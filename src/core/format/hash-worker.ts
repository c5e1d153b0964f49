/**
 * The thread that hashes what it is sent, in order. `FileHash` starts it. It answers each part, and answers a null with the SHA-256 of everything
 * since the last null.
 */
import { createHash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';

let hash = createHash('sha256');
parentPort?.on('message', (part: Uint8Array | null) => {
  if (part !== null) {
    hash.update(part);
    // Memory that was transferred to us is freed at once: garbage outside the heap is collected only when there is much of it.
    if (part.buffer instanceof ArrayBuffer) part.buffer.transfer(0);
    parentPort?.postMessage(null, []);
    return;
  }
  const digest = hash.digest('hex');
  hash = createHash('sha256');
  parentPort?.postMessage(digest, []);
});
