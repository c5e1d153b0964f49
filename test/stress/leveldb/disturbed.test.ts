import { expect, test } from 'vitest';
import { amount } from '../../support/effort.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { stress } from './stress.ts';

const TIMEOUT = 3_600_000;
const PRELOAD = 4000;
const CAPTURES = amount(2, 100);

test.each([
  ['pauses between the steps', { pauses: true }],
  ['a reopening writer', { reopenEvery: 300 }],
])('captures are exact with %s', { timeout: TIMEOUT }, async (_what, disturbance) => {
  using folder = tempFolder();
  const result = await stress(folder.path, { captures: CAPTURES, preload: PRELOAD, ...disturbance });
  expect(result).toEqual({ exact: CAPTURES, wrong: [], refused: [] });
});

test.each([64, 10])('captures are exact with at most %i descriptors', { timeout: TIMEOUT }, async (maxDescriptors) => {
  using folder = tempFolder();
  const result = await stress(folder.path, { captures: CAPTURES, preload: PRELOAD, maxDescriptors });
  expect(result).toEqual({ exact: CAPTURES, wrong: [], refused: [] });
});
