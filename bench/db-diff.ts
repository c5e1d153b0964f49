/**
 * `node bench/db-diff.ts [leveldb|sqlite]`: `db diff` of two databases of 1,400,000 records each, of which one in a thousand is gone and two are changed,
 * with time, time of processors and peak memory (needs GNU time; `npm run build` first).
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeDatabase, type Db } from '../test/databases/leveldb/make-database.ts';

const RECORDS = 1_400_000;
const CHUNK = 5000;
const cli = path.join(import.meta.dirname, '..', 'bin', 'run.js');
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'migbackup-bench-'));

interface Made {
  readonly key: string;
  readonly value: string;
}

/** Some records of the old or the new state. */
function* some(from: number, isNew: boolean): Generator<Made> {
  for (let at = from; at < Math.min(from + CHUNK, RECORDS); at++) {
    if (isNew && at % 1000 === 3) continue;
    const address = `0x${((at * 2_654_435_761) % 2 ** 32).toString(16).padStart(40, '0')}`;
    const block = isNew && at % 500 === 0 ? at + 1 : at;
    const value = JSON.stringify({ address, block, name: `Contract${at}` });
    yield { key: `deployment:${String(at).padStart(9, '0')}`, value };
  }
}

async function fillLevel(db: Db, isNew: boolean): Promise<void> {
  for (let from = 0; from < RECORDS; from += CHUNK) {
    const batch = db.batch();
    for (const { key, value } of some(from, isNew)) batch.put(Buffer.from(key), Buffer.from(value));
    await batch.write();
  }
}

function fillSqlite(file: string, isNew: boolean): void {
  const db = new DatabaseSync(file);
  db.exec('CREATE TABLE deployment (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID; BEGIN');
  const insert = db.prepare('INSERT INTO deployment VALUES (?, ?)');
  for (let from = 0; from < RECORDS; from += CHUNK)
    for (const { key, value } of some(from, isNew)) insert.run(key, value);
  db.exec('COMMIT');
  db.close();
}

function measure(name: string, before: string, after: string): void {
  const args = ['-f', '%e %U %S %M', process.execPath, cli, 'db', 'diff', before, after, '--json', '--limit', '0'];
  const run = spawnSync('/usr/bin/time', args, { cwd: work, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(run.error?.message ?? run.stderr);
  const { counts } = JSON.parse(run.stdout);
  const [wall = 0, user = 0, system = 0, kibibytes = 0] = run.stderr.trim().split(' ').map(Number);
  const figures = `${wall.toFixed(1)} s, ${(user + system).toFixed(1)} s of processors, ${Math.round(kibibytes / 1024)} MiB peak`;
  process.stdout.write(`${name}: ${figures}  ${JSON.stringify(counts)}\n`);
}

try {
  const wanted = process.argv[2];
  if (wanted === undefined || wanted === 'leveldb') {
    const [before, after] = [path.join(work, 'before'), path.join(work, 'after')];
    await makeDatabase(before, (db) => fillLevel(db, false));
    await makeDatabase(after, (db) => fillLevel(db, true));
    measure('leveldb', before, after);
  }
  if (wanted === undefined || wanted === 'sqlite') {
    const [before, after] = [path.join(work, 'before.db'), path.join(work, 'after.db')];
    fillSqlite(before, false);
    fillSqlite(after, true);
    measure('sqlite', before, after);
  }
} finally {
  fs.rmSync(work, { recursive: true, force: true });
}
