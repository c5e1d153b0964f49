import { expect, test } from 'vitest';
import type { Safeguard } from '../../../src/core/sources/leveldb/capture.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { stress } from './stress.ts';

/** `npm run test:stress` takes the long form. */
const FULL = process.env['MIGBACKUP_STRESS'] === 'full';
const TIMEOUT = FULL ? 3_600_000 : 60_000;
const PRELOAD = FULL ? 4000 : 400;

test('captures of a hammered database are exact prefixes of its history', { timeout: TIMEOUT }, async () => {
  using folder = tempFolder();
  const captures = FULL ? 300 : 6;
  const result = await stress(folder.path, { captures, preload: PRELOAD });
  expect(result).toEqual({ exact: captures, wrong: [], refused: [] });
});

test('so they are with pauses between the steps and a reopening writer', { timeout: TIMEOUT }, async () => {
  using folder = tempFolder();
  const captures = FULL ? 100 : 4;
  const result = await stress(folder.path, { captures, preload: PRELOAD, pauses: true, reopenEvery: 300 });
  expect(result).toEqual({ exact: captures, wrong: [], refused: [] });
});

test('so they are with a writer that is killed', { timeout: TIMEOUT }, async () => {
  using folder = tempFolder();
  const captures = FULL ? 100 : 3;
  const result = await stress(folder.path, { captures, preload: PRELOAD, crash: true });
  expect(result).toEqual({ exact: captures, wrong: [], refused: [] });
});

test.each([64, 10])('so they are with at most %i descriptors', { timeout: TIMEOUT }, async (maxDescriptors) => {
  using folder = tempFolder();
  const captures = FULL ? 100 : 3;
  const result = await stress(folder.path, { captures, preload: PRELOAD, maxDescriptors });
  expect(result).toEqual({ exact: captures, wrong: [], refused: [] });
});

const ONE_REMOVED: readonly Safeguard[] = FULL
  ? ['ignore-missing-table', 'manifest-before-logs', 'read-log-on-open']
  : ['ignore-missing-table'];

test.each(ONE_REMOVED)(
  'without one safeguard (%s) captures are wrong or refused',
  { timeout: TIMEOUT },
  async (one) => {
    using folder = tempFolder();
    const options = { captures: FULL ? 100 : 12, preload: 1000, pauses: true, sabotage: [one] };
    const { exact, wrong, refused } = await stress(folder.path, options);
    process.stderr.write(`${one}: ${exact} exact, ${wrong.length} wrong, ${refused.length} refused\n`);
    expect(wrong.length + refused.length).toBeGreaterThan(0);
  },
);
