import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { captureSqlite, type Safeguard } from '../../../src/core/databases/sqlite/capture/capture.ts';
import { BackupError } from '../../../src/core/model/backup-error.ts';
import { copyCapture } from '../../support/sqlite/copy-capture.ts';
import { Model, ROWS } from './model.ts';
import type { WriterOptions } from './writer.ts';

const WRITER = path.join(import.meta.dirname, 'writer.ts');

export interface StressOptions extends Partial<Omit<WriterOptions, 'file' | 'ack' | 'writer' | 'mode'>> {
  readonly mode: string;
  readonly captures: number;
  readonly writers?: 1 | 2;
  /** Every writer is killed with SIGKILL before each capture, and started again after it. */
  readonly kill?: boolean;
  /** Longest random pause between the steps of a capture, in milliseconds. */
  readonly stretch?: number;
  readonly sabotage?: readonly Safeguard[];
}

export interface StressResult {
  exact: number;
  /** Captures that do not open, are torn, or lost an acknowledged transaction. */
  wrong: string[];
  /** Captures that ended in an error. */
  refused: string[];
  /** By SQLite's own backup. */
  backups: number;
  /** With a journal to roll back, with a log. */
  journals: number;
  logs: number;
  /** The log that stood there went on behind its last commit. */
  tails: number;
  attempts: number;
  milliseconds: number[];
}

/** Captures a database that writers hammer, and holds every capture against what they wrote. */
export async function stress(base: string, options: StressOptions): Promise<StressResult> {
  const hammer = new Hammer(base, options);
  const models = [new Model(), new Model()];
  const result: StressResult = {
    exact: 0,
    wrong: [],
    refused: [],
    backups: 0,
    journals: 0,
    logs: 0,
    tails: 0,
    attempts: 0,
    milliseconds: [],
  };
  try {
    await hammer.start();
    for (let index = 0; index < options.captures; index++) {
      if (options.kill === true) {
        await sleep(Math.random() * 30);
        await hammer.kill();
      }
      await captureOnce(base, hammer, models, options, result);
      if (options.kill === true) await hammer.start();
    }
  } finally {
    await hammer.stop();
  }
  return result;
}

async function captureOnce(
  base: string,
  hammer: Hammer,
  models: readonly Model[],
  options: StressOptions,
  result: StressResult,
): Promise<void> {
  const copy = path.join(base, 'copy');
  fs.rmSync(copy, { recursive: true, force: true });
  fs.mkdirSync(copy);
  const promised = hammer.acknowledged();
  const began = performance.now();
  try {
    const capture = await captureSqlite(hammer.file, {
      spool: path.join(base, 'spool'),
      delay: () => pause(options.stretch ?? 0),
      sabotage: options.sabotage ?? [],
    });
    result.milliseconds.push(performance.now() - began);
    result.attempts += capture.attempts;
    if (capture.how === 'backup-api') result.backups += 1;
    const log = capture.files.find(({ name }) => name === '-wal');
    if (capture.files.some(({ name }) => name === '-journal')) result.journals += 1;
    if (log !== undefined) result.logs += 1;
    if (log !== undefined && options.kill === true && fs.statSync(`${hammer.file}-wal`).size > log.size)
      result.tails += 1;
    copyCapture(capture, path.join(copy, 'a.db'));
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    result.refused.push(`${error.code}: ${error.message}`);
    return;
  }
  const why = judge(path.join(copy, 'a.db'), models.slice(0, options.writers ?? 1), promised);
  if (why === null) result.exact += 1;
  else result.wrong.push(why);
}

/** What is wrong with a copy; null: it is one state of the database, with all that was promised. */
function judge(file: string, models: readonly Model[], promised: readonly number[]): string | null {
  try {
    using db = new DatabaseSync(file);
    const checked = db.prepare('PRAGMA integrity_check').all();
    if (checked.length !== 1 || checked[0]?.['integrity_check'] !== 'ok') return 'integrity_check';
    const counters: number[] = [];
    for (const [writer, model] of models.entries()) {
      const rows = db
        .prepare(`SELECT id, v FROM t${writer} ORDER BY id`)
        .all()
        .map(({ v }) => Number(v));
      const last = rows[0] ?? 0;
      if (rows.length !== ROWS || model.after(last).some((value, row) => rows[row] !== value)) return 'torn';
      if (last < (promised[writer] ?? 0)) return `${promised[writer]} was acknowledged, ${last} captured`;
      counters.push(last);
    }
    // What a writer saw of the other one is in the same state.
    const early =
      models.length === 2 &&
      [0, 1].some((writer) => {
        const seen = db.prepare('SELECT seen FROM meta WHERE id=?').get(writer)?.['seen'];
        return Number(seen) > (counters[1 - writer] ?? 0);
      });
    return early ? 'torn between two writers' : null;
  } catch (error) {
    return `does not open: ${String(error)}`;
  }
}

class Hammer {
  readonly file: string;
  readonly #ack: string;
  readonly #options: StressOptions;
  #running: ChildProcess[] = [];

  constructor(base: string, options: StressOptions) {
    fs.mkdirSync(path.join(base, 'db'));
    this.file = path.join(base, 'db', 'a.db');
    this.#ack = path.join(base, 'ack');
    this.#options = options;
    fs.writeFileSync(this.#ack, Buffer.alloc(16));
  }

  /** Starts the writers and waits until each has committed something. */
  async start(): Promise<void> {
    const { mode, checkpoint = 60, pause = 0, cache = 2000, every = [], ballast = 0, writers = 1 } = this.#options;
    const before = this.acknowledged();
    for (let writer = 0; writer < writers; writer++) {
      const options: WriterOptions = {
        file: this.file,
        ack: this.#ack,
        writer,
        mode,
        checkpoint,
        pause,
        cache,
        every,
        ballast,
      };
      this.#running.push(
        spawn(process.execPath, ['--no-warnings', WRITER, JSON.stringify(options)], { stdio: 'inherit' }),
      );
      while ((this.acknowledged()[writer] ?? 0) < (before[writer] ?? 0) + 5) {
        if (this.#running.some(({ exitCode }) => exitCode !== null)) throw new Error('a writer ended');
        await sleep(5);
      }
    }
  }

  /** The last transaction that each writer has acknowledged. */
  acknowledged(): number[] {
    const bytes = fs.readFileSync(this.#ack);
    return [bytes.readDoubleLE(0), bytes.readDoubleLE(8)];
  }

  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const running = this.#running
      .splice(0)
      .filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    const ended = running.map((writer) => once(writer, 'exit'));
    for (const writer of running) writer.kill(signal);
    await Promise.all(ended);
  }
}

function pause(longest: number): void {
  if (longest > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.random() * longest);
}

/** One line: how many were exact, how often was tried, and how long it took. */
export function summary(
  title: string,
  { exact, wrong, refused, attempts, milliseconds, ...counts }: StressResult,
): string {
  const times = milliseconds.toSorted((a, b) => a - b);
  const at = (part: number): string => (times[Math.floor((times.length - 1) * part)] ?? 0).toFixed(1);
  const average = (attempts / Math.max(1, times.length)).toFixed(1);
  const { backups, journals, logs, tails } = counts;
  return (
    `${title}: ${exact} exact, ${wrong.length} wrong, ${refused.length} refused; ${average} attempts, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, ` +
    `longest ${at(1)} ms; by backup() ${backups}, with a journal ${journals}, with a log ${logs}, of these with a tail ${tails}\n`
  );
}
