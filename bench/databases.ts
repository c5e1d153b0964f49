/**
 * `node bench/databases.ts [capture|proof|leveldb|records|large]`: the capture of a SQLite database beside the sqlite3 shell's `.backup`; its proof beside
 * what the shell needs for the digest alone; the proof of a LevelDB beside LevelDB itself; rows as records; and the memory that a database of 4 GB takes.
 * Each run is a process of its own.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ClassicLevel } from 'classic-level';
import { descriptorBytes, folderFiles, type DatabaseFiles } from '../src/core/databases/database-files.ts';
import { LEVELDB } from '../src/core/databases/leveldb/engine.ts';
import { proveCopy } from '../src/core/databases/leveldb/proof/proof.ts';
import { captureSqlite } from '../src/core/databases/sqlite/capture/capture.ts';
import { proveSqlite } from '../src/core/databases/sqlite/proof/proof.ts';
import { sqliteRecords } from '../src/core/databases/sqlite/proof/records.ts';

const ROUNDS = 3;
const say = (line: string): boolean => process.stdout.write(`${line}\n`);

/** Seconds on the clock and of the processor, and what else a run says. */
interface Run {
  readonly wall: number;
  readonly cpu: number;
  readonly says: string;
}

function filesOf(file: string): DatabaseFiles {
  return {
    names: () => [''],
    open() {
      const fd = fs.openSync(file, 'r');
      return { ...descriptorBytes(fd, fs.fstatSync(fd).size), close: () => fs.closeSync(fd) };
    },
  };
}

/** What a process of its own does with a database; it says what it found and how much memory it took. */
const jobs: Readonly<Record<string, (file: string) => Promise<string>>> = {
  async prove(file) {
    const { records, digest } = await proveSqlite(filesOf(file), { scratch: `${file}-scratch` });
    return `${records} rows, digest ${digest}`;
  },
  async capture(file) {
    const capture = await captureSqlite(file, { spool: `${file}-spool` });
    const bytes = capture.files.reduce((sum, { size }) => sum + size, 0);
    capture.close();
    return `${Math.round(bytes / 1e6)} MB by ${capture.how}`;
  },
  async leveldb(folder) {
    const files = folderFiles(folder);
    const { records, digest } = await LEVELDB.prove(files, { scratch: `${folder}-scratch` });
    files.close();
    return `${records} records, digest ${digest}`;
  },
  async 'classic-level'(folder) {
    const { records, digest } = await proveCopy(folder, `${folder}-scratch`);
    return `${records} records, digest ${digest}`;
  },
  async records(file) {
    let count = 0;
    for await (const batch of sqliteRecords(filesOf(file), { scratch: `${file}-scratch` })) count += batch.length;
    return `${count} records`;
  },
};

async function job(name: string, file: string): Promise<void> {
  const says = await jobs[name]?.(file);
  say(`${says}, ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB at most`);
}

/** The fastest of some runs of a program. */
function fastest(program: string, args: readonly string[], rounds = ROUNDS): Run {
  const runs = Array.from({ length: rounds }, () => timed(program, args));
  return runs.toSorted((a, b) => a.cpu - b.cpu)[0] ?? timed(program, args);
}

function timed(program: string, args: readonly string[]): Run {
  // The shell's own `times` tells what its children took.
  const run = spawnSync('bash', ['-c', 'TIMEFORMAT="%R %U %S"; time "$@"', 'time', program, ...args], {
    encoding: 'utf8',
  });
  const [wall = 0, user = 0, system = 0] = (run.stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  if (run.status !== 0) throw new Error(`${program}: ${run.stderr}`);
  return { wall, cpu: user + system, says: run.stdout.trim() };
}

const ours = (name: string, file: string, rounds?: number): Run =>
  fastest(process.execPath, [import.meta.filename, 'job', name, file], rounds);

function row(what: string, { wall, cpu, says }: Run, base?: Run): void {
  const times = base === undefined ? '' : `  ${(cpu / base.cpu).toFixed(2)} x`;
  say(
    `  ${what.padEnd(34)} ${wall.toFixed(2)} s, processor ${cpu.toFixed(2)} s${times}  ${says.replaceAll('\n', ' ')}`,
  );
}

function make(file: string, sql: string): void {
  const db = new DatabaseSync(file);
  db.exec(sql);
  db.close();
}

const numbers = (count: number): string =>
  `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`;

function benchProof(work: string): void {
  const file = path.join(work, 'proof.db');
  make(
    file,
    `CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT, email TEXT, created INTEGER, score REAL, flags INTEGER, payload BLOB, note TEXT);
     BEGIN; ${numbers(1_000_000)} INSERT INTO users SELECT i, 'User number ' || i, 'user' || i || '@example.com', 1600000000000 + i * 977, i / 7.0, i % 5,
       CASE WHEN i % 3 = 0 THEN NULL ELSE randomblob(40) END, 'The note of user ' || i || ' says é ' || hex(randomblob(20)) FROM n;
     CREATE INDEX by_email ON users(email); COMMIT`,
  );
  say(`proof of ${Math.round(fs.statSync(file).size / 1e6)} MB, 1,000,000 rows of 8 columns, one index:`);
  const shell = hasShell() ? fastest('sqlite3', [file, '.sha3sum --sha3-256 --schema']) : undefined;
  if (shell !== undefined) {
    row('sqlite3 .sha3sum', shell);
    row('sqlite3 integrity_check', fastest('sqlite3', [file, 'PRAGMA integrity_check']));
  }
  row('migbackup: copy, check and digest', ours('prove', file), shell);
}

function benchCapture(work: string): void {
  const file = path.join(work, 'capture.db');
  make(
    file,
    `PRAGMA journal_mode = WAL; CREATE TABLE t(k INTEGER PRIMARY KEY, v BLOB); BEGIN;
     ${numbers(50_000)} INSERT INTO t SELECT i, randomblob(10000) FROM n; COMMIT`,
  );
  say(`capture of ${Math.round(fs.statSync(file).size / 1e6)} MB that nobody writes:`);
  const copy = path.join(work, 'copy.db');
  const shell = hasShell() ? fastest('sqlite3', [file, `.backup ${copy}`]) : undefined;
  if (shell !== undefined) row('sqlite3 .backup', shell);
  row('migbackup: capture', ours('capture', file), shell);
}

async function benchLeveldb(work: string): Promise<void> {
  const folder = path.join(work, 'leveldb');
  const database = new ClassicLevel(folder);
  for (let at = 0; at < 1_000_000; at += 10_000) {
    const operations = Array.from({ length: 10_000 }, (_, index) => ({
      type: 'put' as const,
      key: `key-${String(at + index).padStart(9, '0')}`,
      value: `value of ${at + index} ${'x'.repeat(100)}`,
    }));
    await database.batch(operations);
  }
  await database.close();
  say('proof of a LevelDB of 1,000,000 records:');
  const alone = ours('classic-level', folder);
  row('classic-level: copy and digest', alone);
  row('migbackup: both readers', ours('leveldb', folder), alone);
}

function benchRecords(work: string): void {
  say('1,400,000 rows as records:');
  for (const [name, table] of [
    ['integer', 'kv(k INTEGER PRIMARY KEY, v TEXT)'],
    ['text', 'kv(k TEXT PRIMARY KEY, v TEXT)'],
    ['text, WITHOUT ROWID', 'kv(k TEXT PRIMARY KEY, v TEXT) WITHOUT ROWID'],
  ] as const) {
    const file = path.join(work, `${name}.db`);
    const key = name === 'integer' ? 'i' : "'key-' || i";
    make(
      file,
      `CREATE TABLE ${table}; BEGIN; ${numbers(1_400_000)} INSERT INTO kv SELECT ${key}, 'value of ' || i || ' ' || hex(randomblob(20)) FROM n; COMMIT`,
    );
    row(`key: ${name}`, ours('records', file));
  }
}

function benchLarge(work: string): void {
  const file = path.join(work, 'large.db');
  make(
    file,
    `PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; CREATE TABLE t(k INTEGER PRIMARY KEY, v BLOB); BEGIN;
     ${numbers(400_000)} INSERT INTO t SELECT i, randomblob(10000) FROM n; COMMIT`,
  );
  say(`a database of ${(fs.statSync(file).size / 1e9).toFixed(1)} GB:`);
  row('migbackup: copy, check and digest', ours('prove', file, 1));
}

function hasShell(): boolean {
  return spawnSync('sqlite3', ['--version']).status === 0;
}

const benches = {
  capture: benchCapture,
  proof: benchProof,
  leveldb: benchLeveldb,
  records: benchRecords,
  large: benchLarge,
};
const [, , wanted, name = '', file = ''] = process.argv;
if (wanted === 'job') await job(name, file);
else {
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'migbackup-bench-'));
  try {
    for (const [which, bench] of Object.entries(benches))
      if (wanted === undefined || wanted === which) await bench(work);
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}
