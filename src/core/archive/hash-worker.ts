/** A thread that hashes what it is sent, in order. Started by `FileHash`; answers each part, and null with the SHA-256 of all. */
import { createHash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';

const hash = createHash('sha256');
parentPort?.on('message', (part: Uint8Array | null) => {
  if (part !== null) hash.update(part);
  parentPort?.postMessage(part === null ? hash.digest('hex') : null, []);
});
