import { expect, test } from 'vitest';
import { amount } from '../../support/effort.ts';
import { allExact, someWrong, TIMEOUT } from './verdicts.ts';

test('captures of a database in WAL mode whose writer never pauses are exact', { timeout: TIMEOUT }, async () => {
  const { logs } = await allExact('wal, no pause', { mode: 'wal', captures: amount(5, 300) });
  expect(logs).toBeGreaterThan(0);
});

test.each(['delete', 'persist'])('so they are in mode %s', { timeout: TIMEOUT }, async (mode) => {
  await allExact(`${mode}, no pause`, { mode, captures: amount(3, 100) });
});

test('so they are of two writers', { timeout: TIMEOUT }, async () => {
  await allExact('wal, two writers', { mode: 'wal', captures: amount(3, 100), writers: 2 });
});

test('the harness sees a safeguard that is missing', { timeout: TIMEOUT }, async () => {
  await someWrong('one-generation', { mode: 'wal', captures: amount(8, 40), stretch: 3 });
});
