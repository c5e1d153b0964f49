import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  captureDatabase,
  type Safeguard,
  type DatabaseCapture,
} from '../../../src/core/databases/leveldb/capture/capture.ts';
import { BackupError } from '../../../src/core/model/backup-error.ts';
import { checkCopy } from './check.ts';
import { Model, SeededRandom } from './model.ts';

const WRITER = path.join(import.meta.dirname, 'writer.ts');
const SEED = 7;

export interface StressOptions {
  readonly captures: number;
  readonly keys?: number;
  /** Batches before the first capture. */
  readonly preload?: number;
  /** The writer closes and opens the database every so many batches. */
  readonly reopenEvery?: number;
  /** The writer is killed with SIGKILL and started again between captures. */
  readonly crash?: boolean;
  /** Random pauses between the steps of a capture. */
  readonly pauses?: boolean;
  readonly maxDescriptors?: number;
  readonly sabotage?: readonly Safeguard[];
}

export interface StressResult {
  exact: number;
  /** Captures that do not open, are torn, or lost an acknowledged write. */
  wrong: string[];
  /** Captures that ended in a DATABASE_BUSY or, under sabotage, another error. */
  refused: string[];
}

/** A writer that hammers a database of its own until it is disposed of. */
export interface Hammer extends AsyncDisposable {
  readonly dir: string;
  readonly ackFile: string;
  readonly seed: number;
  /** Kills it with SIGKILL and starts it again. */
  kill(): Promise<void>;
}

/** Makes a database of `preload` batches in `dir` and goes on writing to it. Batches are noted in `ackFile`. */
export async function startHammer(
  dir: string,
  ackFile: string,
  { keys = 20_000, preload = 1500, reopenEvery = 0 }: Pick<StressOptions, 'keys' | 'preload' | 'reopenEvery'>,
): Promise<Hammer> {
  const start = (until: number, reopen: number): ChildProcess =>
    spawn(process.execPath, [WRITER, dir, ackFile, ...[SEED, keys, reopen, until].map(String)], { stdio: 'inherit' });
  await once(start(preload, 0), 'exit');
  let writer = start(0, reopenEvery);
  await sleep(300);
  return {
    dir,
    ackFile,
    seed: SEED,
    async kill() {
      writer.kill('SIGKILL');
      await once(writer, 'exit');
      writer = start(0, reopenEvery);
    },
    async [Symbol.asyncDispose]() {
      writer.kill('SIGTERM');
      if (writer.exitCode === null && writer.signalCode === null) await once(writer, 'exit');
    },
  };
}

/** The last batch that the writer has acknowledged. */
export const acknowledged = (ackFile: string): number => readAck(ackFile, 8);

/** Captures a database that a writer hammers, and holds every capture against the writer's history. */
export async function stress(base: string, options: StressOptions): Promise<StressResult> {
  const { keys = 20_000 } = options;
  await using hammer = await startHammer(path.join(base, 'db'), path.join(base, 'ack'), options);
  const model = new Model(hammer.seed, keys);
  const random = new SeededRandom(99);
  const result: StressResult = { exact: 0, wrong: [], refused: [] };
  for (let index = 0; index < options.captures; index++) {
    if (options.crash === true && index > 0) {
      await hammer.kill();
      await sleep(random.fraction() * 300);
    }
    await captureOnce(base, hammer, model, random, options, result);
  }
  return result;
}

async function captureOnce(
  base: string,
  { dir, ackFile }: Hammer,
  model: Model,
  random: SeededRandom,
  options: StressOptions,
  result: StressResult,
): Promise<void> {
  const copy = path.join(base, 'copy');
  fs.rmSync(copy, { recursive: true, force: true });
  const promised = acknowledged(ackFile);
  try {
    const capture = await captureDatabase(dir, {
      ...(options.maxDescriptors === undefined ? {} : { maxDescriptors: options.maxDescriptors }),
      spool: path.join(base, 'spool'),
      delay: () => (options.pauses === true ? pause(random) : undefined),
      sabotage: options.sabotage ?? [],
    });
    copyCapture(capture, copy);
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    result.refused.push(`${error.code}: ${error.message}`);
    return;
  }
  const issued = readAck(ackFile, 0);
  const verdict = await checkCopy(copy, model);
  if (verdict.kind !== 'exact') result.wrong.push(`${verdict.kind}: ${verdict.why}`);
  else if (verdict.batch < promised) result.wrong.push(`batch ${promised} was acknowledged, ${verdict.batch} captured`);
  else if (options.crash !== true && verdict.batch > issued) result.wrong.push('a batch that was never issued');
  else result.exact += 1;
}

function readAck(file: string, position: number): number {
  return Number(fs.readFileSync(file).readBigUInt64LE(position));
}

/** Half of the pauses are none, most are short, some long enough for a compaction. */
function pause(random: SeededRandom): void {
  const dice = random.fraction();
  if (dice < 0.5) return;
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, random.fraction() * (dice < 0.9 ? 20 : 200));
}

/** Writes a capture into a new folder and releases it. */
export function copyCapture(capture: DatabaseCapture, dir: string): void {
  fs.mkdirSync(dir);
  try {
    for (const file of capture.files) {
      const bytes = Buffer.alloc(file.size);
      for (let done = 0; done < file.size;) {
        const count = file.read(bytes, done, file.size - done, done);
        if (count === 0) throw new Error(`${file.name} ended early`);
        done += count;
      }
      file.done();
      fs.writeFileSync(path.join(dir, file.name), bytes);
    }
  } finally {
    capture.close();
  }
}
