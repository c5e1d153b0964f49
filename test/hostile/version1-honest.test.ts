import { expect, test } from 'vitest';
import { Version1Ground } from './support/version1-judge.ts';

/** Every command is run on two backups. */
const TIMEOUT_MS = 120_000;

/* `npm test` restores honest ones in its end-to-end tests; this is the one that the hostile ones are made from. */
test('the honest one is read and comes back', { timeout: TIMEOUT_MS }, async () => {
  using ground = await Version1Ground.make();
  const { verified, notCopied, notRestored } = await ground.judge();
  expect([verified?.status, notCopied, notRestored]).toEqual(['WARNING', null, null]);
});
