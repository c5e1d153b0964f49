import { expect, test } from 'vitest';
import { amount } from '../../support/effort.ts';
import { allExact, someWrong, TIMEOUT } from './verdicts.ts';

const CAPTURES = amount(100, 100);
const JOURNALED = ['delete', 'truncate', 'persist'];

test.each([...JOURNALED, 'wal'])('a writer that pauses, in mode %s', { timeout: TIMEOUT }, async (mode) => {
  const { backups } = await allExact(`${mode}, 2 ms between transactions`, { mode, captures: CAPTURES, pause: 2 });
  expect(backups).toBe(0);
});

test('a writer that never pauses, in mode truncate', { timeout: TIMEOUT }, async () => {
  await allExact('truncate, no pause', { mode: 'truncate', captures: CAPTURES });
});

test.each(JOURNALED)(
  'one that never pauses, faster than the file is copied, in mode %s',
  { timeout: TIMEOUT },
  async (mode) => {
    const { backups } = await allExact(`${mode}, 64 MiB, no pause`, { mode, captures: CAPTURES, ballast: 64 });
    expect(backups).toBeGreaterThan(0);
  },
);

test('a log that is begun anew faster than the file is copied', { timeout: TIMEOUT }, async () => {
  const options = { mode: 'wal', captures: CAPTURES, checkpoint: 1000, pause: 1, ballast: 64 };
  await allExact('wal, 64 MiB, 1 ms between transactions', options);
});

test.each(JOURNALED)('one that is killed, in mode %s', { timeout: TIMEOUT }, async (mode) => {
  const { journals } = await allExact(`${mode}, killed`, { mode, captures: CAPTURES, kill: true, cache: 5 });
  expect(journals).toBeGreaterThan(0);
});

test('one that is killed, in WAL mode', { timeout: TIMEOUT }, async () => {
  const { tails } = await allExact('wal, killed', { mode: 'wal', captures: CAPTURES, kill: true, cache: 5 });
  expect(tails).toBeGreaterThan(0);
});

test.each(JOURNALED)('one whose transactions do not fit in memory, in mode %s', { timeout: TIMEOUT }, async (mode) => {
  await allExact(`${mode}, written early`, { mode, captures: CAPTURES, cache: 5 });
});

test.each<[string, string, number, string]>([
  ['TRUNCATE checkpoints', 'wal', 50, 'PRAGMA wal_checkpoint(TRUNCATE)'],
  ['VACUUM', 'wal', 150, 'VACUUM'],
  ['VACUUM', 'delete', 50, 'VACUUM'],
  ['VACUUM', 'persist', 50, 'VACUUM'],
  ['rows that come and go', 'wal', 5, 'DELETE FROM ballast; INSERT INTO ballast VALUES(1, zeroblob(300000))'],
])('%s meanwhile, in mode %s', { timeout: TIMEOUT }, async (what, mode, each, statements) => {
  await allExact(`${mode}, ${what}`, { mode, captures: CAPTURES, every: [[each, statements]] });
});

test.each(JOURNALED)('two writers, in mode %s', { timeout: TIMEOUT }, async (mode) => {
  await allExact(`${mode}, two writers`, { mode, captures: CAPTURES, writers: 2 });
});

test.each(['wal', 'delete'])('pauses between the steps, in mode %s', { timeout: TIMEOUT }, async (mode) => {
  await allExact(`${mode}, pauses between the steps`, { mode, captures: CAPTURES, pause: 1, stretch: 3 });
});

test('even one safeguard that is missing makes captures wrong', { timeout: TIMEOUT }, async () => {
  const checkpoints = [[3, 'PRAGMA wal_checkpoint(PASSIVE)']] as const;
  const pauses = { mode: 'wal', captures: 60, checkpoint: 0, pause: 5, every: checkpoints, stretch: 3 };
  await someWrong('database-before-wal', pauses);
  await someWrong('changed-pages', { mode: 'wal', captures: 20, checkpoint: 1000, pause: 1, ballast: 64 });
  await someWrong('stillness', { mode: 'delete', captures: 60, pause: 2, ballast: 2, stretch: 3 });
  await someWrong('one-transaction', { mode: 'truncate', captures: 60, cache: 5 });
});
