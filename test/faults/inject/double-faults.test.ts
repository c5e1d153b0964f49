import { expect, test } from 'vitest';
import { FULL, stride } from '../../support/effort.ts';
import { TIMEOUT_MS } from './effort.ts';
import { loadProduct } from './product.ts';
import { describeTally, sweepTwice } from './sweep.ts';

/** In full: every second call of restore and undo that changes the disk, every fifth call of the recovery from each. */
const [FIRST, SECOND] = [stride(31, 2), stride(29, 5)];
const AT_LEAST = FULL ? 900 : 30;

test('a fault inside the recovery from a kill', { timeout: TIMEOUT_MS }, async () => {
  let fired = 0;
  for (const name of ['restore', 'undo'] as const) {
    const tally = await sweepTwice(await loadProduct(), name, FIRST, SECOND);
    process.stdout.write(describeTally(`double faults, ${name}`, tally));
    expect(tally.wrong).toEqual([]);
    expect(tally.fired).toBe(tally.tried);
    fired += tally.fired;
  }
  expect(fired).toBeGreaterThanOrEqual(AT_LEAST);
});
