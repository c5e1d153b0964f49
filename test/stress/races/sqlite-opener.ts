/**
 * A service that starts while a restore runs: `node sqlite-opener.ts ROOT ACK_FILE JITTER_MS PAUSE_MS CREATE KEYS PATIENCE_MS`. It waits for the journal
 * of the restore, then tries to open ROOT/deployments/app.db until it can, and writes KEYS rows, each a transaction. A connection waits PATIENCE_MS for
 * a lock, then it is closed and another is opened. ACK_FILE gets a line for each write that was acknowledged.
 */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';

const [root = '', ackFile = '', ...rest] = process.argv.slice(2);
const [jitter = 0, pause = 0, create = 1, keys = 500, patience = 0] = rest.map(Number);
const ack = fs.openSync(ackFile, 'a');
const journal = path.join(root, '.migbackup/txn/plan.json');
const url = pathToFileURL(path.join(root, 'deployments/app.db'));
url.searchParams.set('mode', create === 1 ? 'rwc' : 'rw');
const GIVE_UP_MS = 60_000;
const until = Date.now() + GIVE_UP_MS;

process.stdout.write('ready\n');
while (!fs.existsSync(journal) && Date.now() < until) await sleep(0);
await sleep(jitter);

let refused = 0;
for (let next = 0; next < keys && Date.now() < until;) {
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(url, { timeout: patience });
    db.exec('PRAGMA synchronous = OFF');
    if (create === 1) db.exec('CREATE TABLE IF NOT EXISTS t (key TEXT PRIMARY KEY, value TEXT)');
    const insert = db.prepare('INSERT INTO t VALUES (?, ?)');
    for (; next < keys; next++) {
      const key = `new:${String(next).padStart(4, '0')}`;
      insert.run(key, 'written while a restore ran');
      fs.writeSync(ack, `${key}\n`);
    }
  } catch {
    refused++;
    await sleep(pause);
  } finally {
    db?.close();
  }
}
process.stdout.write(`${JSON.stringify({ refused })}\n`);
