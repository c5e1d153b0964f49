/**
 * A service that starts while a restore runs: `node leveldb-opener.ts ROOT ACK_FILE JITTER_MS PAUSE_MS CREATE KEYS`. It waits for the journal of the
 * restore, then tries to open ROOT/leveldb until it can, and writes KEYS keys. ACK_FILE gets a line for each write that was acknowledged.
 */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClassicLevel } from 'classic-level';

const [root = '', ackFile = '', ...rest] = process.argv.slice(2);
const [jitter = 0, pause = 0, create = 1, keys = 500] = rest.map(Number);
const ack = fs.openSync(ackFile, 'a');
const journal = path.join(root, '.migbackup/txn/plan.json');
const GIVE_UP_MS = 60_000;
const until = Date.now() + GIVE_UP_MS;

process.stdout.write('ready\n');
while (!fs.existsSync(journal) && Date.now() < until) await sleep(0);
await sleep(jitter);

let refused = 0;
for (let next = 0; next < keys && Date.now() < until;) {
  const db = new ClassicLevel(path.join(root, 'leveldb'), { createIfMissing: create === 1 });
  try {
    await db.open();
    for (; next < keys; next++) {
      await db.put(`new:${String(next).padStart(4, '0')}`, 'written while a restore ran');
      fs.writeSync(ack, `new:${String(next).padStart(4, '0')}\n`);
    }
  } catch {
    refused++;
    await sleep(pause);
  } finally {
    await db.close().catch(() => {});
  }
}
process.stdout.write(`${JSON.stringify({ refused })}\n`);
