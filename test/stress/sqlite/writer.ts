/**
 * The hammer: `node writer.ts OPTIONS`, with `WriterOptions` as JSON. Transaction i sets the rows that the model says and row 0 to i, notes how far the other writer was, and is
 * then acknowledged in the file `ack`.
 */
import fs from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { ROWS, touched } from './model.ts';

export interface WriterOptions {
  readonly file: string;
  readonly ack: string;
  /** 0 or 1: which of two writers it is. */
  readonly writer: number;
  readonly mode: string;
  /** Pages of the log after which it is written back. */
  readonly checkpoint: number;
  /** Milliseconds between two transactions. */
  readonly pause: number;
  /** Pages that are kept in memory: with few the database file is written in the middle of a transaction. */
  readonly cache: number;
  /** MiB that the database has besides. */
  readonly ballast: number;
  /** More statements, executed after every n-th transaction. */
  readonly every: readonly (readonly [number, string])[];
}

const options: WriterOptions = JSON.parse(process.argv[2] ?? '{}');
const { file, writer, mode, pause } = options;
const ack = fs.openSync(options.ack, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);
const db = new DatabaseSync(file, { timeout: 60_000 });
db.exec(`PRAGMA journal_mode=${mode}; PRAGMA synchronous=OFF; PRAGMA wal_autocheckpoint=${options.checkpoint};
  PRAGMA cache_size=${options.cache};
  BEGIN IMMEDIATE;
  CREATE TABLE IF NOT EXISTS meta(id INTEGER PRIMARY KEY, seen INTEGER);
  CREATE TABLE IF NOT EXISTS t${writer}(id INTEGER PRIMARY KEY, v INTEGER, pad TEXT);
  INSERT OR IGNORE INTO meta VALUES(${writer}, 0)`);
const insert = db.prepare(`INSERT OR IGNORE INTO t${writer} VALUES(?, 0, ?)`);
for (let row = 0; row < ROWS; row++) insert.run(row, 'p'.repeat(200 + (row % 900)));
db.exec(`CREATE TABLE IF NOT EXISTS t${1 - writer}(id INTEGER PRIMARY KEY, v INTEGER, pad TEXT); COMMIT`);
db.exec(`CREATE TABLE IF NOT EXISTS ballast(id INTEGER PRIMARY KEY, bytes BLOB);
  WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i <= ${options.ballast * 16})
  INSERT OR IGNORE INTO ballast SELECT i, zeroblob(65000) FROM c WHERE i <= ${options.ballast * 16}`);

const update = db.prepare(`UPDATE t${writer} SET v=?, pad=? WHERE id=?`);
const look = db.prepare(`UPDATE meta SET seen=coalesce((SELECT v FROM t${1 - writer} WHERE id=0), 0) WHERE id=?`);
let last = Number(db.prepare(`SELECT v FROM t${writer} WHERE id=0`).get()?.['v']);
const note = Buffer.alloc(8);
acknowledge();

let stopped = false;
process.on('SIGTERM', () => (stopped = true));
step();

function step(): void {
  for (let count = 0; count < 40; count++) transaction();
  if (stopped) db.close();
  else setImmediate(step);
}

function transaction(): void {
  last += 1;
  db.exec('BEGIN IMMEDIATE');
  for (const row of touched(last))
    update.run(last, String.fromCodePoint(97 + (last % 26)).repeat(100 + ((last * 7 + row) % 1500)), row);
  update.run(last, 'z'.repeat(last % 3000), 0);
  look.run(writer);
  db.exec('COMMIT');
  acknowledge();
  for (const [each, statements] of options.every) if (last % each === 0) db.exec(statements);
  if (pause > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
}

function acknowledge(): void {
  note.writeDoubleLE(last);
  fs.writeSync(ack, note, 0, 8, 8 * writer);
}
