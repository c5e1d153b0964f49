import { expect, test } from 'vitest';
import { tempFolder } from '../../support/temp-folder.ts';
import { stress } from './stress.ts';

// Safeguards overlap, so that one alone is needed only now and then: too seldom for the captures that `npm test` has time for.
test('even one that is missing makes captures wrong', { timeout: 3_600_000 }, async () => {
  using folder = tempFolder();
  const options = { captures: 200, preload: 4000, pauses: true, sabotage: ['ignore-missing-table'] as const };
  const { exact, wrong } = await stress(folder.path, options);
  process.stderr.write(`without one safeguard: ${exact} exact, ${wrong.length} wrong\n`);
  expect(wrong.length).toBeGreaterThan(0);
});
