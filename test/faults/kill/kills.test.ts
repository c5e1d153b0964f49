import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { amount, IN_SUITE } from '../../support/effort.ts';
import { withReason } from '../../support/skipped.ts';
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts';
import { COMMAND_NAMES, Scenario } from '../support/scenario.ts';
import { compileShim } from '../support/shim.ts';
import { sweepKills, type Mutation } from '../support/sweep.ts';

/*
 * The command line as it ships (bin/run.js) is ended by SIGKILL, at one call after another that changes something, by a shim for LD_PRELOAD.
 * In full 60 calls of each command, in `npm test` one.
 */
const SAMPLES = amount(1, 60);
const TIMEOUT = 1_200_000;

const MUTATIONS: readonly Mutation[] = [
  { name: 'no journal', command: 'restore', drop: 'rename:plan.json', near: /txn\/(stage|aside)\/\d+$/ },
  {
    name: 'merge instead of swap',
    command: 'restore',
    patch: 'merge-instead-of-swap',
    near: /project\/(deployments|leveldb)/,
  },
  { name: 'delete before rename', command: 'prune', patch: 'delete-before-rename', near: /backups\/migration-/ },
];

const temp: TempFolder = tempFolder();
afterAll(() => temp[Symbol.dispose]());
const library = compileShim(temp.path);
const reason = library === null ? 'the shim that is preloaded needs Linux and a C compiler' : null;

describe.skipIf(reason !== null)(withReason('killed by SIGKILL', reason), () => {
  let scenario: Scenario;
  const shim = library ?? '';
  beforeAll(async () => {
    scenario = await Scenario.make({ root: path.join(temp.path, 'project'), folder: temp.path, library: shim });
  }, 60_000);

  test.each(COMMAND_NAMES)(
    '%s is all or nothing, and recover leaves nothing over',
    { timeout: TIMEOUT },
    async (command) => {
      const tally = await sweepKills({ scenario, library: shim, command, kinds: ['kill', 'torn'], samples: SAMPLES });
      const { calls, tried, fired, violations } = tally;
      process.stdout.write(
        `SIGKILL in ${command}: ${calls} calls, ${tried} tried, ${fired} fired, ${tally.old} old, ${tally.new} new, ${violations.length} violations\n`,
      );
      expect(violations).toEqual([]);
      expect(fired).toBe(tried);
    },
  );

  test.each(MUTATIONS.slice(0, IN_SUITE ? undefined : 1))(
    'a named defect is seen: $name',
    { timeout: TIMEOUT },
    async (mutation) => {
      const { command } = mutation;
      const tally = await sweepKills({ scenario, library: shim, command, kinds: ['kill'], samples: 60, mutation });
      process.stdout.write(
        `SIGKILL with "${mutation.name}": violation ${tally.tried}: ${tally.violations[0] ?? 'none'}\n`,
      );
      expect(tally.violations).not.toEqual([]);
    },
  );
});
