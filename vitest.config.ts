import { readdirSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

/** What `npm test` runs of test/e2e; `npm run test:e2e` runs all, and the others that know the program only by its command line. */
const EVERY_DAY = new Set(['lost-state', 'coverage'].map((name) => `${name}.test.ts`));

/**
 * The suites that `npm test` does not run, each by its own script. `alone`: files of this suite only. `shared`: files that `npm test`
 * runs too, with a sample of what the suite takes.
 */
const SUITES = {
  faults: {
    alone: [
      'test/faults/full-disk/*.test.ts',
      'test/faults/power/power-cuts.test.ts',
      'test/faults/inject/mutants.test.ts',
    ],
    shared: ['test/faults/**/*.test.ts', 'test/repository/lock.test.ts'],
  },
  fuzz: {
    alone: ['test/hostile/version1-honest.test.ts'],
    shared: ['test/hostile/fuzz*.test.ts', 'test/hostile/version1*.test.ts', 'test/hostile/artifacts.test.ts'],
  },
  stress: {
    alone: [
      'test/stress/leveldb/{cli,one-safeguard}.test.ts',
      'test/stress/races/open-while-restoring.test.ts',
      'test/stress/leveldb/disturbed.test.ts',
      'test/stress/sqlite/disturbed.test.ts',
      'test/stress/sqlite/coarse-times.test.ts',
    ],
    shared: [
      'test/stress/**/*.test.ts',
      'test/databases/leveldb/flips.test.ts',
      'test/databases/sqlite/flips.test.ts',
      'test/e2e/databases-everywhere.test.ts',
    ],
  },
  chain: { alone: ['test/chain/hardhat*.test.ts'], shared: [] },
  remotes: { alone: ['test/remotes/*.test.ts'], shared: [], globalSetup: 'test/servers/s3/setup.ts' },
  binary: { alone: ['test/binary/*.test.ts'], shared: [] },
  protection: {
    alone: ['test/protection/cli/*.test.ts', 'test/protection/encrypted-{copies,exports}.test.ts'],
    shared: [],
  },
  e2e: {
    alone: [
      ...readdirSync('test/e2e').flatMap((name) => (EVERY_DAY.has(name) ? [] : [`test/e2e/${name}`])),
      'test/contract/{annotations,documents,errors,exit-codes,notes,usage}.test.ts',
      'test/hostile/processes.test.ts',
      'test/operations/{db-digest,db-get,db-ls,guard-lost-deployments,guard-lost-records,rehearse}.test.ts',
      'test/capture/{damaged-database,leveldb-sources}.test.ts',
      'test/bench/run.test.ts',
    ],
    shared: ['test/e2e/*.test.ts', 'test/contract/help.test.ts'],
  },
};

/** MIGBACKUP_EVERY=n: a suite takes every n-th of its faults, cases and captures, as far as they can be taken in part. */
const every = Number(process.env['MIGBACKUP_EVERY'] ?? 1);
if (!Number.isInteger(every) || every < 1) throw new Error('MIGBACKUP_EVERY is a whole number from 1 on');

/** What `--project` is where nobody gives it: a file that is named to vitest runs as it does in `npm test`. */
const WITHOUT_PROJECT = { project: ['quick'] };

export default defineConfig({
  test: {
    ...WITHOUT_PROJECT,
    // Real processes and real folders: forks keep one file's working folder and signals away from another's.
    pool: 'forks',
    // vitest leaves one core for itself; most tests wait for processes.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    coverage: { provider: 'v8', include: ['src/**'], reporter: ['text-summary', 'html'] },
    projects: [
      {
        extends: true,
        test: {
          name: 'quick',
          include: ['test/**/*.test.ts'],
          exclude: Object.values(SUITES).flatMap(({ alone }) => alone),
          provide: { every: null },
        },
      },
      ...Object.entries(SUITES).map(([name, { alone, shared, ...more }]) => ({
        extends: true as const,
        test: { name, include: [...alone, ...shared], provide: { every }, ...more },
      })),
    ],
  },
});
