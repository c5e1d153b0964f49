import { expect, test } from 'vitest';
import { everyOf, TIMEOUT_MS } from './effort.ts';
import type { OperationName } from './operations.ts';
import { loadProduct } from './product.ts';
import { describeTally, sweep } from './sweep.ts';

/** Declares the test that an operation is all or nothing, whichever of its file operations fails and however. */
export function declareSweep(name: OperationName, thinner = 1): void {
  test(`${name}: all or nothing, and the answer is true`, { timeout: TIMEOUT_MS }, async () => {
    const tally = await sweep(await loadProduct(), name, { every: (calls) => everyOf(calls) * thinner });
    process.stdout.write(describeTally(name, tally));
    expect(tally.wrong).toEqual([]);
    expect(tally.fired).toBe(tally.tried);
    expect(tally.mixed).toBe(0);
  });
}
