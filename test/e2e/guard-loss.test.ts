import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { expect, test } from 'vitest';
import { compareTrees } from '../support/compare-trees.ts';
import { eachSampleProject } from '../support/each-sample-project.ts';
import { put } from '../support/files.ts';
import { runCli } from '../support/run-cli.ts';
import { schemaViolations } from '../support/schemas.ts';

/** A migration exits with 0, and something that was recorded before is not recorded any more. */

const LEVEL = JSON.stringify(createRequire(import.meta.url).resolve('classic-level'));
const project = eachSampleProject(['backups', '.migbackup', 'migrate.cjs']);
const at = (name: string): string => path.join(project.root, name);
const record = (n: number): string => `deployment:${String(n).padStart(6, '0')}`;

/** Changes the LevelDB as a migration does; `keys` go, one value changes, and one record comes. */
const DROP = (...keys: string[]): string => `
const { ClassicLevel } = require(${LEVEL});
(async () => {
  const db = new ClassicLevel('leveldb');
  await db.open();
  await db.batch(${JSON.stringify(keys)}.map((key) => ({ type: 'del', key })));
  await db.put('${record(0)}', 'another value');
  await db.put('new', '{}');
  await db.compactRange('a', 'z');
  await db.close();
})();`;
const SQL = (sql: string): string => `
const { DatabaseSync } = require('node:sqlite');
new DatabaseSync('deployments/state.db').exec(${JSON.stringify(sql)});`;
const NO_LOSS = ['--expect', 'no-loss'];
const allow = (...patterns: string[]): string[] => [
  ...NO_LOSS,
  ...patterns.flatMap((pattern) => ['--allow-loss', pattern]),
];

function migrate(script: string, ...flags: string[]) {
  fs.writeFileSync(at('migrate.cjs'), script);
  return runCli(['guard', ...flags, '--', process.execPath, '--no-warnings', 'migrate.cjs'], { cwd: project.root });
}

async function migrateJson(script: string, exitCode: number, ...flags: string[]) {
  const run = await migrate(script, '--json', ...flags);
  expect(run, run.stderr + run.stdout).toMatchObject({ exitCode });
  const report = JSON.parse(run.stdout);
  expect(schemaViolations('guard', report)).toEqual([]);
  expect(report.result).toMatchObject({ exitCode: 0 });
  return report;
}

/** The text of a run, with every space the same. */
async function words(script: string, exitCode: number, ...flags: string[]): Promise<string> {
  const run = await migrate(script, ...flags);
  expect(run, run.stderr).toMatchObject({ exitCode });
  return run.stderr.replaceAll(/\s+/g, ' ');
}

const isAsBefore = (): void => expect(compareTrees(project.before, project.tree())).toEqual([]);

test('a record that is dropped is told, and under --expect no-loss everything goes back', async () => {
  const script = DROP(record(5), record(7));
  const report = await migrateJson(script, 20, ...NO_LOSS);
  expect(report).toMatchObject({ outcome: 'rolled-back', expect: 'no-loss', result: { exitCode: 0 } });
  expect(report.loss).toEqual({
    databases: [
      {
        path: 'leveldb',
        engine: 'leveldb',
        gone: false,
        lost: 2,
        notAllowed: 2,
        records: [
          { key: record(5), allowed: false },
          { key: record(7), allowed: false },
        ],
        moreRecords: 0,
      },
    ],
    deployments: { lost: 0, notAllowed: 0, records: [], moreRecords: 0 },
    looked: { databases: 2, of: 2 },
    notCompared: [],
  });
  const [finding] = report.findings;
  expect(finding).toMatchObject({ code: 'records-lost', severity: 'error', path: 'leveldb' });
  expect(finding.message).toContain(`lost 2 records that no --allow-loss names, so it counts as failed: leveldb/`);
  isAsBefore();

  const told = await words(script, 0);
  expect(told).toContain(`! leveldb lost 2 records: ${record(5)}, ${record(7)}`);
  expect(told).toContain('succeeded the changes stay');
});

test('what happens then is said by the flags that say it after any failure', async () => {
  const script = DROP(record(5), record(7));
  expect(await words(script, 20, '--passthrough', ...NO_LOSS)).toContain(`leveldb/${record(5)}, leveldb/${record(7)}`);
  isAsBefore();
  const kept = await words(script, 21, '--on-failure', 'keep', ...NO_LOSS);
  expect(kept).toMatch(/kept the command counts as failed; everything is as it left it/);
  expect(await runCli(['undo', '--yes'], { cwd: project.root })).toMatchObject({ exitCode: 0 });
  isAsBefore();
});

test('a value that changes, what is added, and what an engine does for itself are no loss', async () => {
  const sql = "UPDATE t SET v = 'other'; INSERT INTO t (v) VALUES ('new'); CREATE INDEX i ON t (v); ANALYZE";
  const report = await migrateJson(DROP() + SQL(`${sql}; VACUUM`), 0, ...NO_LOSS);
  expect(report.loss).toMatchObject({ databases: [], looked: { databases: 2, of: 2 }, notCompared: [] });
  // What ANALYZE noted goes with the index.
  const again = await words(SQL('DROP INDEX i; ANALYZE; VACUUM'), 0, ...NO_LOSS);
  expect(again).toContain('No record or deployment is lost: 2 of 2 databases looked at.');
});

test('--allow-loss names what may go, by the names that are printed', async () => {
  const script = DROP(record(5), record(7));
  const half = await migrateJson(script, 20, ...allow(`leveldb/*7`));
  expect(half.loss.databases).toMatchObject([
    {
      lost: 2,
      notAllowed: 1,
      records: [
        { key: record(5), allowed: false },
        { key: record(7), allowed: true },
      ],
    },
  ]);
  expect(half.findings).toMatchObject([
    { code: 'records-lost', message: expect.stringMatching(/lost 1 record .*05$/) },
  ]);
  isAsBefore();
  const said = await words(script, 0, ...allow('leveldb/deployment:*', 'data/*'));
  expect(said).toContain(`- leveldb lost 2 records, as --allow-loss says: ${record(5)}, ${record(7)}`);
  expect(said).toContain("- --allow-loss 'data/*' names nothing that is known to be lost");
});

test('--allow-loss without what it is for is refused before anything is done; the config may say it', async () => {
  for (const flags of [['--allow-loss', 'leveldb/*'], allow('')]) {
    expect(await migrate(DROP(record(1)), ...flags)).toMatchObject({ exitCode: 2 });
    expect(fs.existsSync(at('backups'))).toBe(false);
  }
  put(project.root, 'migbackup.config.json', '{"preset": "default", "guard": {"expect": "no-loss"}}');
  project.beginHere();
  expect(await migrateJson(DROP(record(1)), 20)).toMatchObject({ expect: 'no-loss' });
  isAsBefore();
  expect(await migrateJson(DROP(record(1)), 0, '--allow-loss', 'leveldb')).toMatchObject({ outcome: 'succeeded' });
});

test('a database that is gone lost all its records, which is said as one thing', async () => {
  const script = "require('fs').rmSync('leveldb', { recursive: true })";
  const report = await migrateJson(script, 20, ...NO_LOSS);
  expect(report.loss.databases).toMatchObject([{ path: 'leveldb', gone: true, lost: 200, notAllowed: 200 }]);
  isAsBefore();
  const allowed = await words(script, 0, ...allow('leveldb/*'));
  expect(allowed).toContain('- leveldb is gone, with 200 records, as --allow-loss says');
});

test('what cannot be compared is said, and under no-loss it is a loss', async () => {
  const script = "require('fs').rmSync('leveldb/CURRENT')";
  const report = await migrateJson(script, 20, ...NO_LOSS);
  expect(report.loss).toMatchObject({ databases: [], looked: { databases: 1, of: 2 } });
  expect(report.findings[0]).toMatchObject({ code: 'loss-not-known', severity: 'error', path: 'leveldb' });
  isAsBefore();
  const allowed = await words(script, 0, ...allow('leveldb'));
  expect(allowed).toContain('No record or deployment is known to be lost: 1 of 2 databases looked at.');
});

test('a backup that the command removed shows nothing: that is a loss, and there is no way back', async () => {
  const script = "require('fs').rmSync(process.env.MIGBACKUP_DIR, { recursive: true })";
  const report = await migrateJson(script, 21, '--on-failure', 'keep', ...NO_LOSS);
  expect(report).toMatchObject({ loss: null, outcome: 'kept' });
  expect(report.findings).toContainEqual(expect.objectContaining({ code: 'loss-not-known', severity: 'error' }));
  expect(await migrate(script, ...NO_LOSS)).toMatchObject({ exitCode: 7 });
});
