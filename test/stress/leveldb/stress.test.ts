import { expect, test } from 'vitest';
import { amount, IN_SUITE } from '../../support/effort.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { stress } from './stress.ts';

const TIMEOUT = IN_SUITE ? 3_600_000 : 60_000;
const PRELOAD = IN_SUITE ? 4000 : 400;

test('captures of a hammered database are exact prefixes of its history', { timeout: TIMEOUT }, async () => {
  using folder = tempFolder();
  const captures = amount(4, 300);
  const result = await stress(folder.path, { captures, preload: PRELOAD });
  expect(result).toEqual({ exact: captures, wrong: [], refused: [] });
});

test('so they are with a writer that is killed', { timeout: TIMEOUT }, async () => {
  using folder = tempFolder();
  const captures = amount(2, 100);
  const result = await stress(folder.path, { captures, preload: PRELOAD, crash: true });
  expect(result).toEqual({ exact: captures, wrong: [], refused: [] });
});

test('the harness sees safeguards that are missing', { timeout: TIMEOUT }, async () => {
  using folder = tempFolder();
  const sabotage = ['manifest-before-logs', 'ignore-missing-table', 'no-log-check', 'no-sequence-check'] as const;
  const { wrong } = await stress(folder.path, { captures: 8, preload: IN_SUITE ? 1000 : 400, pauses: true, sabotage });
  expect(wrong.length).toBeGreaterThan(0);
});
