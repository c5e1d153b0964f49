/** What the fuzz tests share: how many cases, what an answer is, and a watch over cases that never end. */
import fc from 'fast-check';
import { Worker } from 'node:worker_threads';
import { afterAll, expect } from 'vitest';
import { BackupError } from '../../../src/core/model/backup-error.ts';
import { amount, IN_SUITE } from '../../support/effort.ts';

/** For tests of many cases. */
export const TIMEOUT_MS = IN_SUITE ? 1_800_000 : 30_000;
/** One case takes milliseconds; a decoder that runs in circles takes this. */
const HANG_MS = 60_000;
/** The test runner itself takes some 200 MB. */
const MAX_RESIDENT_KB = 768 << 10;

/** So many cases in `npm test`, and so many in `npm run test:fuzz`. */
export function cases(few: number, many: number): { numRuns: number } {
  return { numRuns: amount(few, many) };
}

export const noise = fc.uint8Array({ maxLength: 4096 }).map((array) => Buffer.from(array));

/** Runs a decoder, which may give a result or throw one of our errors. Null for an error. */
export function answers<T>(decode: () => T): T | null {
  try {
    return decode();
  } catch (error) {
    return refusal(error);
  }
}

/** The same for one that takes its time. */
export async function answersLater<T>(decode: () => Promise<T>): Promise<T | null> {
  try {
    return await decode();
  } catch (error) {
    return refusal(error);
  }
}

/** Throws what is no error of ours, or one that does not say what happened and what to do. */
function refusal(error: unknown): null {
  if (!(error instanceof BackupError)) throw error;
  if (error.code === 'INTERNAL' || error.message === '' || error.hint === '') throw error;
  return null;
}

/**
 * Watches a test file: its process is ended, with a message, once a case takes longer than a minute (a decoder in an endless loop lets
 * no timer of its own thread fire), and a test fails at its end if it took more memory than it may. Call `tick` with each case.
 */
export function watch(): () => void {
  const count = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(
    `const { count, wait } = require('node:worker_threads').workerData;
     for (let before = Atomics.load(count, 0);;) {
       if (Atomics.wait(count, 0, before, wait) === 'timed-out' && before > 0) {
         require('node:fs').writeSync(2, 'a case of the fuzz test does not end\\n');
         process.kill(process.pid, 'SIGKILL');
       }
       before = Atomics.load(count, 0);
     }`,
    { eval: true, workerData: { count, wait: HANG_MS } },
  );
  worker.unref();
  let begun = 0;
  afterAll(async () => {
    await worker.terminate();
    expect(process.resourceUsage().maxRSS).toBeLessThan(MAX_RESIDENT_KB);
    if (IN_SUITE) process.stderr.write(`${expect.getState().testPath}: ${begun} cases\n`);
  });
  return () => {
    begun++;
    Atomics.add(count, 0, 1);
    Atomics.notify(count, 0);
  };
}
