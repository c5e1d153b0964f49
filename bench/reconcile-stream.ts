/**
 * The second part of `npm run bench:reconcile-scale`, also `node bench/reconcile-stream.ts [key|value]`: `reconcile` of a LevelDB of 1,400,000 records, with
 * time, time of processors and peak memory (needs GNU time; `npm run build` first). `key`: every record has its key in another LevelDB, with one field more. `value`: every record is a line of one JSONL file,
 * with its keys in another order.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { makeDatabase, type Db } from '../test/databases/leveldb/make-database.ts';

const RECORDS = 1_400_000;
const CHUNK = 5000;
const cli = path.join(import.meta.dirname, '..', 'bin', 'run.js');
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'migbackup-bench-'));

const keyOf = (at: number): string => `deployment:${String(at).padStart(9, '0')}`;

function valueOf(at: number): Record<string, unknown> {
  const address = `0x${((at * 2_654_435_761) % 2 ** 32).toString(16).padStart(40, '0')}`;
  return { address, block: at, name: `Contract${at}`, id: keyOf(at) };
}

async function fill(db: Db, value: (at: number) => unknown): Promise<void> {
  for (let from = 0; from < RECORDS; from += CHUNK) {
    const batch = db.batch();
    for (let at = from; at < Math.min(from + CHUNK, RECORDS); at++)
      batch.put(Buffer.from(keyOf(at)), Buffer.from(JSON.stringify(value(at))));
    await batch.write();
  }
}

function writeLines(file: string): void {
  const fd = fs.openSync(file, 'w');
  for (let from = 0; from < RECORDS; from += CHUNK) {
    const values = Array.from({ length: CHUNK }, (_, at) => Object.entries(valueOf(from + at)).toReversed());
    fs.writeSync(fd, values.map((entries) => `${JSON.stringify(Object.fromEntries(entries))}\n`).join(''));
  }
  fs.closeSync(fd);
}

function run(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], { cwd: work, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr || stdout);
  return stdout;
}

function measure(name: string, glob: string): void {
  const args = ['-f', '%e %U %S %M', process.execPath, cli, 'reconcile', 'leveldb', '--in', glob, '--json'];
  const { status, stdout, stderr } = spawnSync('/usr/bin/time', args, { cwd: work, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr || stdout);
  const { counts } = JSON.parse(stdout);
  const [wall = 0, user = 0, system = 0, kibibytes = 0] = stderr.trim().split(' ').map(Number);
  const figures = `${wall.toFixed(1)} s, ${(user + system).toFixed(1)} s of processors, ${Math.round(kibibytes / 1024)} MiB peak`;
  process.stdout.write(`${name}: ${figures}, ${counts.found} found\n`);
}

try {
  fs.writeFileSync(path.join(work, 'package.json'), '{"name":"scale"}');
  await makeDatabase(path.join(work, 'leveldb'), (db) => fill(db, valueOf));
  run('create', '--no-verify');
  const wanted = process.argv[2];
  if (wanted !== 'value') {
    await makeDatabase(path.join(work, 'next'), (db) => fill(db, (at) => ({ ...valueOf(at), migrated: true })));
    measure('1,400,000 records by their keys in another LevelDB', 'next');
  }
  if (wanted !== 'key') {
    writeLines(path.join(work, 'all.jsonl'));
    measure('1,400,000 records as lines of a JSONL file', 'all.jsonl');
  }
} finally {
  fs.rmSync(work, { recursive: true, force: true });
}
