import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
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
    looked: { databases: 2, of: 2 },
    notCompared: [],
  });
  const [finding] = report.findings;
  expect(finding).toMatchObject({ code: 'records-lost', severity: 'error', path: 'leveldb' });
  expect(finding.message).toContain(`lost 2 records that no --allow-loss names, so it counts as failed: leveldb/`);
  isAsBefore();

  expect(await words(script, 20, '--passthrough', ...NO_LOSS)).toContain(`leveldb/${record(5)}, leveldb/${record(7)}`);
  isAsBefore();
  const kept = await words(script, 21, '--on-failure', 'keep', ...NO_LOSS);
  expect(kept).toMatch(/kept the command counts as failed; everything is as it left it/);
  expect(await runCli(['undo', '--yes'], { cwd: project.root })).toMatchObject({ exitCode: 0 });
  isAsBefore();

  const told = await words(script, 0);
  expect(told).toContain(`! leveldb lost 2 records: ${record(5)}, ${record(7)}`);
  expect(told).toContain('succeeded the changes stay');
});

test('a value that changes, what is added, and what an engine does for itself are no loss', async () => {
  const sql = "UPDATE t SET v = 'other'; INSERT INTO t (v) VALUES ('new'); CREATE INDEX i ON t (v); ANALYZE";
  const report = await migrateJson(DROP() + SQL(`${sql}; VACUUM`), 0, ...NO_LOSS);
  expect(report.loss).toMatchObject({ databases: [], looked: { databases: 2, of: 2 }, notCompared: [] });
  // What ANALYZE noted goes with the index.
  const again = await words(SQL('DROP INDEX i; ANALYZE; VACUUM'), 0, ...NO_LOSS);
  expect(again).toContain('No record is lost: 2 of 2 databases looked at.');
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

describe('a database that is gone lost all its records, which is said as one thing', () => {
  test.each([
    ['removed', "require('fs').rmSync('leveldb', { recursive: true })"],
    ['emptied', "const fs = require('fs'); for (const name of fs.readdirSync('leveldb')) fs.rmSync('leveldb/' + name)"],
    ['moved away', "require('fs').renameSync('leveldb', 'old-leveldb')"],
    [
      'a file now',
      "const fs = require('fs'); fs.rmSync('leveldb', { recursive: true }); fs.writeFileSync('leveldb', '')",
    ],
  ])('a LevelDB: %s', async (_how, script) => {
    const report = await migrateJson(script, 20, ...NO_LOSS);
    expect(report.loss.databases).toMatchObject([{ path: 'leveldb', gone: true, lost: 200, notAllowed: 200 }]);
    expect(report.findings[0]).toMatchObject({
      code: 'records-lost',
      message: expect.stringMatching(/lost 200 records .*failed: leveldb \(gone, with 200 records\)$/),
      recommendation: expect.stringContaining('--allow-loss leveldb'),
    });
    isAsBeforeBut('old-leveldb');
    fs.rmSync(at('old-leveldb'), { recursive: true, force: true });
    const allowed = await words(script, 0, ...allow('leveldb/*'));
    expect(allowed).toContain('- leveldb is gone, with 200 records, as --allow-loss says');
  });

  const isAsBeforeBut = (name: string): void => {
    const differing = compareTrees(project.before, project.tree());
    expect(differing.filter((line) => !line.includes(name))).toEqual([]);
  };

  test('a SQLite database', async () => {
    const script = "for (const part of ['', '-wal']) require('fs').rmSync('deployments/state.db' + part)";
    expect(await words(script, 0)).toContain('! deployments/state.db is gone, with 8 records');
    expect(await runCli(['undo', '--yes'], { cwd: project.root })).toMatchObject({ exitCode: 0 });
    const report = await migrateJson(script, 20, ...allow('deployments/state.db/t/1'));
    expect(report.loss.databases).toMatchObject([{ gone: true, lost: 8, notAllowed: 7 }]);
    isAsBefore();
    await migrateJson(script, 0, ...allow('deployments/state.db'));
  });

  test('with the folder that it is in', async () => {
    const report = await migrateJson("require('fs').rmSync('deployments', { recursive: true })", 20, ...NO_LOSS);
    expect(report.loss.databases).toMatchObject([{ path: 'deployments/state.db', gone: true }]);
    isAsBefore();
  });
});

test('rows are named by table and primary key; a table that is dropped lost them all', async () => {
  const some = await migrateJson(SQL('DELETE FROM t WHERE id IN (2, 5)'), 20, ...NO_LOSS);
  expect(some.loss.databases).toMatchObject([{ lost: 2, records: [{ key: 't/2' }, { key: 't/5' }] }]);
  isAsBefore();
  const all = await migrateJson(SQL('ALTER TABLE t RENAME TO u'), 20, ...NO_LOSS);
  expect(all.loss.databases).toMatchObject([{ gone: false, lost: 8 }]);
  isAsBefore();
});

test('of many records a thousand are listed and all are counted', async () => {
  const add = SQL(
    'WITH RECURSIVE c (i) AS (SELECT 9 UNION ALL SELECT i + 1 FROM c WHERE i < 2600) INSERT INTO t (id) SELECT i FROM c',
  );
  await migrateJson(add, 0, ...NO_LOSS);
  const report = await migrateJson(SQL('DELETE FROM t WHERE id > 100'), 20, ...allow('deployments/state.db/t/1*'));
  const [database] = report.loss.databases;
  expect(database).toMatchObject({ lost: 2500, notAllowed: 1401, moreRecords: 1500 });
  expect(database.records).toHaveLength(1000);
  expect(database.records.every(({ allowed }: { allowed: boolean }) => !allowed)).toBe(true);
  expect(report.findings[0].message).toMatch(/ and 1396 more$/);
});

describe('what cannot be compared is said, and under no-loss it is a loss', () => {
  const DAMAGE = `
const fs = require('fs');
const table = fs.readdirSync('leveldb').find((name) => name.endsWith('.ldb') || name.endsWith('.log'));
fs.writeFileSync('leveldb/' + table, Buffer.alloc(fs.statSync('leveldb/' + table).size, 7));`;
  const DISMANTLE = "require('fs').rmSync('leveldb/CURRENT')";
  const LINK =
    "const fs = require('fs'); fs.renameSync('leveldb', '../elsewhere'); fs.symlinkSync('../elsewhere', 'leveldb')";
  const ENCRYPT = `
const fs = require('fs');
fs.rmSync('deployments/state.db-wal');
fs.writeFileSync('deployments/state.db', require('crypto').randomBytes(8192));`;

  test.each([
    ['a table that is damaged', 'leveldb', DAMAGE, /^leveldb\/\d+\.(?:log|ldb).*: /],
    ['a LevelDB without CURRENT', 'leveldb', DISMANTLE, /^what is left of it is not a whole LevelDB database$/],
    ['a link to it', 'leveldb', LINK, /^it is a link now$/],
    ['one that is encrypted now', 'deployments/state.db', ENCRYPT, /^what is there now is not a SQLite database$/],
  ])('%s', async (_how, database, script, why) => {
    const report = await migrateJson(script, 20, ...NO_LOSS);
    expect(report.loss).toMatchObject({ databases: [], looked: { databases: 1, of: 2 } });
    expect(report.loss.notCompared).toEqual([{ path: database, why: expect.stringMatching(why) }]);
    expect(report.findings[0]).toMatchObject({ code: 'loss-not-known', severity: 'error', path: database });
    isAsBefore();
    fs.rmSync(path.join(project.outside, 'elsewhere'), { recursive: true, force: true });
    const told = await migrateJson(script, 0);
    expect(told.findings[0]).toMatchObject({ code: 'loss-not-known', severity: 'warning', path: database });
    expect(await runCli(['undo', '--yes'], { cwd: project.root })).toMatchObject({ exitCode: 0 });
    fs.rmSync(path.join(project.outside, 'elsewhere'), { recursive: true, force: true });
    expect(await words(script, 0, ...allow(database))).toContain('No record is known to be lost: 1 of 2 databases');
  });

  test('a database of an engine that nobody here reads', async () => {
    put(project.root, 'docs/kv/CURRENT', 'MANIFEST-000001\n');
    put(project.root, 'docs/kv/MANIFEST-000001', '');
    put(project.root, 'docs/kv/OPTIONS-000005', '[Version]\n  rocksdb_version=8.9.1\n');
    project.beginHere();
    expect((await migrateJson('', 0, ...NO_LOSS)).loss).toMatchObject({ looked: { databases: 3, of: 3 } });
    const report = await migrateJson("require('fs').rmSync('docs/kv/MANIFEST-000001')", 20, ...NO_LOSS);
    expect(report.loss.notCompared).toEqual([{ path: 'docs/kv', why: expect.stringContaining('as plain files') }]);
    isAsBefore();
  });

  test('everything, because the backup is gone', async () => {
    const script = "require('fs').rmSync(process.env.MIGBACKUP_DIR, { recursive: true })";
    const report = await migrateJson(script, 21, '--on-failure', 'keep', ...NO_LOSS);
    expect(report).toMatchObject({ loss: null, outcome: 'kept' });
    expect(report.findings).toContainEqual(expect.objectContaining({ code: 'loss-not-known', severity: 'error' }));
    expect(await migrate(script, ...NO_LOSS)).toMatchObject({ exitCode: 7 });
  });
});
