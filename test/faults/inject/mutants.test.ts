import { describe, expect, test } from 'vitest';
import { IN_SUITE } from '../../support/effort.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { TIMEOUT_MS } from './effort.ts';
import { makeMutant, MUTANTS } from './mutants.ts';
import { loadProduct } from './product.ts';
import { describeTally, sweep } from './sweep.ts';

/** Those of `npm test`. */
const NAMED = ['no journal fsync', 'merge instead of swap', 'delete before rename'];

/* A sweep that cannot fail proves nothing: each deliberate defect must turn it red. */
describe('the sweep goes red', () => {
  test.for(Object.entries(MUTANTS).filter(([name]) => IN_SUITE || NAMED.includes(name)))(
    '%s',
    { timeout: TIMEOUT_MS },
    async ([name, mutant]) => {
      using temp = tempFolder();
      const product = await loadProduct(makeMutant(mutant, temp.path));
      const options = { every: () => 1, ways: mutant.ways, from: mutant.from ?? 0, untilWrong: true };
      const tally = await sweep(product, mutant.operation, options);
      process.stdout.write(`${name}: ${tally.wrong[0] ?? 'NOT SEEN'}\n`);
      process.stdout.write(describeTally(mutant.operation, tally));
      expect(tally.wrong).not.toEqual([]);
    },
  );
});
