/**
 * `node bench/leveldb.ts [reader|window|large]`: our reader against LevelDB's own iterator over the same databases; how long the moment is in which a
 * capture of a hammered database has to be consistent; and a database of 1.4 million entries through `create`, with its peak memory (needs GNU time).
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ClassicLevel } from 'classic-level';
import { captureDatabase } from '../src/core/databases/leveldb/capture/capture.ts';
import { proveWithClassicLevel } from '../src/core/databases/leveldb/proof/proof.ts';
import { folderFiles } from '../src/core/databases/database-files.ts';
import { readDatabase } from '../src/core/databases/leveldb/format/reader.ts';
import { fillMany, makeDatabase } from '../test/databases/leveldb/make-database.ts';
import { startHammer } from '../test/stress/leveldb/stress.ts';

const BUFFERS = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const;
const ROUNDS = 3;
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'migbackup-bench-'));
const say = (line: string): boolean => process.stdout.write(`${line}\n`);

/** Seconds of the fastest of some runs, and what the last returned. */
async function fastest<T>(run: () => Promise<T>): Promise<{ seconds: number; result: T }> {
  let seconds = Number.POSITIVE_INFINITY;
  for (let round = 1; ; round++) {
    const began = performance.now();
    const result = await run();
    seconds = Math.min(seconds, (performance.now() - began) / 1000);
    if (round === ROUNDS) return { seconds, result };
  }
}

async function ourReader(dir: string): Promise<number> {
  const files = folderFiles(dir);
  try {
    return (await readDatabase(files)).records ?? 0;
  } finally {
    files.close();
  }
}

async function iterateOnly(dir: string): Promise<number> {
  const db = new ClassicLevel<Buffer, Buffer>(dir, { ...BUFFERS, createIfMissing: false });
  await db.open();
  const iterator = db.iterator({ ...BUFFERS, fillCache: false, highWaterMarkBytes: 1 << 20 });
  let count = 0;
  for (let some = await iterator.nextv(1000); some.length > 0; some = await iterator.nextv(1000)) count += some.length;
  await db.close();
  return count;
}

async function benchReader(): Promise<void> {
  for (const [entries, valueBytes] of [
    [400_000, 100],
    [80_000, 1500],
  ] as const) {
    const dir = path.join(work, `reader-${valueBytes}`);
    await makeDatabase(dir, (db) => fillMany(db, entries, valueBytes));
    const ours = await fastest(() => ourReader(dir));
    const bare = await fastest(() => iterateOnly(dir));
    const digest = await fastest(() => proveWithClassicLevel(dir));
    const rate = (seconds: number): string => `${Math.round(entries / seconds / 1000)} k entries/s`;
    say(`${entries} entries, values of ${valueBytes} bytes:`);
    say(`  ours, every checksum and the digest   ${rate(ours.seconds)}`);
    say(
      `  classic-level, iterator alone         ${rate(bare.seconds)}  ours is ${(bare.seconds / ours.seconds).toFixed(2)} x`,
    );
    say(
      `  classic-level, with the digest        ${rate(digest.seconds)}  ours is ${(digest.seconds / ours.seconds).toFixed(2)} x`,
    );
    if (ours.result !== entries || digest.result.records !== entries) throw new Error('the readers disagree');
  }
}

async function benchWindow(): Promise<void> {
  const dir = path.join(work, 'window');
  await using _ = await startHammer(dir, path.join(work, 'ack'), { keys: 60_000, preload: 4000 });
  const windows: number[] = [];
  const sizes: number[] = [];
  for (let round = 0; round < 300; round++) {
    let began = 0;
    const capture = await captureDatabase(dir, {
      delay(step) {
        if (step === 'A') began = performance.now();
      },
    });
    windows.push(performance.now() - began);
    sizes.push(capture.files.reduce((total, file) => total + file.size, 0) / 1e6);
    capture.close();
  }
  const at = (values: readonly number[], part: number): string =>
    (values.toSorted((a, b) => a - b)[Math.ceil(values.length * part) - 1] ?? 0).toFixed(1);
  say(`window of ${windows.length} captures of a hammered database of ${at(sizes, 0.5)} MB (median):`);
  say(`  p50 ${at(windows, 0.5)} ms, p99 ${at(windows, 0.99)} ms, longest ${at(windows, 1)} ms`);
}

async function benchLarge(): Promise<void> {
  const entries = 1_400_000;
  const root = path.join(work, 'large');
  fs.mkdirSync(root);
  fs.writeFileSync(path.join(root, 'package.json'), '{}');
  await makeDatabase(path.join(root, 'leveldb'), (db) => fillMany(db, entries, 300));
  const cli = path.join(import.meta.dirname, '..', 'bin', 'run.js');
  for (const args of [['create'], ['verify'], ['verify', '--rehearse']]) {
    const began = performance.now();
    const run = spawnSync('/usr/bin/time', ['-f', '%M', process.execPath, cli, ...args, '--quiet'], { cwd: root });
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    if (run.status !== 0) throw new Error(`${args.join(' ')}: ${run.error?.message ?? run.stderr.toString()}`);
    const mebibytes = Math.round(Number(run.stderr.toString().trim().split('\n').at(-1)) / 1024);
    say(`${args.join(' ').padEnd(18)} ${entries} entries  ${seconds} s  ${mebibytes} MiB peak`);
  }
}

const benches = { reader: benchReader, window: benchWindow, large: benchLarge };
try {
  for (const [name, bench] of Object.entries(benches)) {
    if (process.argv[2] === undefined || process.argv[2] === name) await bench();
  }
} finally {
  fs.rmSync(work, { recursive: true, force: true });
}
