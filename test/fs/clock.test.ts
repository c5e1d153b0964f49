import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { utimesTime } from '../../src/core/fs/clock.ts';
import { tempFolder } from '../support/temp-folder.ts';

const SECOND_NS = 1_000_000_000n;
/** 2038-01-19 and 2106-02-07, in seconds. */
const IN_2038 = 2n ** 31n;
const IN_2106 = 2n ** 32n;

const [major = 0, minor = 0] = process.versions.uv.split('.').map(Number);
const isExact = major > 1 || minor >= 52;

/** How far a time is from the one that was asked for, in nanoseconds, once a file has it. */
function difference(file: string, wanted: bigint): number {
  const time = utimesTime(wanted);
  fs.utimesSync(file, time, time);
  return Number(fs.statSync(file, { bigint: true }).mtimeNs - wanted);
}

/** Times between two seconds that are `step` nanoseconds apart from whole ones; always the same. */
function times(count: number, from: bigint, to: bigint, step: bigint): bigint[] {
  let state = 1n;
  const next = (): bigint => (state = (state * 6364136223846793005n + 1442695040888963407n) % 2n ** 64n) >> 1n;
  return Array.from({ length: count }, () => {
    const seconds = from + (next() % (to - from));
    const nanoseconds = next() % SECOND_NS;
    return seconds * SECOND_NS + nanoseconds - (nanoseconds % step);
  });
}

function most(differences: readonly number[]): number {
  return Math.max(...differences.map(Math.abs));
}

test.skipIf(process.platform === 'win32')('a time comes back as near as a double of seconds can say it', () => {
  using folder = tempFolder();
  const file = path.join(folder.path, 'file');
  fs.writeFileSync(file, '');
  const far = (from: bigint, to: bigint, step = 1n) =>
    times(3000, from, to, step).map((time) => difference(file, time));
  expect(most(far(0n, IN_2106, SECOND_NS))).toBe(0);
  expect(most(far(0n, IN_2038))).toBeLessThanOrEqual(isExact ? 120 : 1000);
  expect(most(far(IN_2038, IN_2106))).toBeLessThanOrEqual(isExact ? 240 : 1000);
  // Where the system takes whole microseconds, those come back exactly.
  if (!isExact) expect(most(far(0n, IN_2106, 1000n))).toBe(0);
});

test.skipIf(process.platform === 'win32')('a time that was restored once is restored exactly', () => {
  using folder = tempFolder();
  const file = path.join(folder.path, 'file');
  fs.writeFileSync(file, '');
  for (const time of times(1000, 10n ** 9n, IN_2106, 1n))
    expect(difference(file, time + BigInt(difference(file, time)))).toBe(0);
});
