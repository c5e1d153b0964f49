import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { resolveProject } from '../../src/core/config/project.ts';
import type { GuardReport } from '../../src/core/model/guard-report.ts';
import { guard, type GuardOptions } from '../../src/core/operations/guard.ts';
import { compareTrees, readTree, type Tree } from '../support/compare-trees.ts';
import { makeLevel } from '../support/db-project.ts';
import { put } from '../support/files.ts';
import { writeDatabase } from '../support/leveldb/write-database.ts';
import { context } from '../support/real-backup.ts';
import { makeSqliteWithWal } from '../support/sqlite/make-sqlite.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/** Databases that a command damages, removes or empties, each in a process of its own. */

let temp: TempFolder;
let root: string;
let before: Tree;
const tree = (): Tree => readTree(root, ['backups', '.migbackup']);
const at = (name: string): string => path.join(root, name);

beforeEach(async () => {
  temp = tempFolder();
  root = path.join(temp.path, 'project');
  put(root, 'package.json', '{}');
  const entries = Array.from({ length: 28 }, (_, n) => [Buffer.from(`31337-${n}`), Buffer.from('{}')] as const);
  await makeLevel(at('leveldb'), entries);
  makeSqliteWithWal(at('deployments/state.db'), { rows: 8, text: 'old' });
  before = tree();
});
afterEach(() => temp[Symbol.dispose]());

/** Runs JavaScript in the project; it exits with 0. */
async function run(script: string, options: Partial<GuardOptions> = {}): Promise<GuardReport> {
  const code = `const fs = require('fs'); process.chdir(process.argv[1]); ${script}`;
  const how = { checks: [], onFailure: undefined, stdoutToStderr: true, lockWaitMs: 10, backup: {} };
  const confirm = () => Promise.reject(new Error('nobody is asked'));
  const command = [process.execPath, '--no-warnings', '-e', code, root];
  const project = resolveProject({ cwd: root, env: {} });
  const report = await guard(project, { ...how, confirm, expect: 'no-loss', ...options, command }, context);
  expect(report.result).toMatchObject({ exitCode: 0 });
  return report;
}

const SQL = (sql: string): string =>
  `new (require('node:sqlite').DatabaseSync)('deployments/state.db').exec(${JSON.stringify(sql)});`;
const databasesOf = ({ loss }: GuardReport) => loss?.databases;
const isAsBefore = (leftOut = '\0'): void => {
  const differing = compareTrees(before, tree());
  expect(differing.filter((line) => !line.includes(leftOut))).toEqual([]);
};

describe('a database that is gone lost all its records', () => {
  test.each([
    ['removed', "fs.rmSync('leveldb', { recursive: true })"],
    ['emptied', "for (const name of fs.readdirSync('leveldb')) fs.rmSync('leveldb/' + name)"],
    ['moved away', "fs.renameSync('leveldb', 'old-leveldb')"],
    ['a file now', "fs.rmSync('leveldb', { recursive: true }); fs.writeFileSync('leveldb', '')"],
  ])('a LevelDB: %s', async (_how, script) => {
    const report = await run(script);
    expect(databasesOf(report)).toMatchObject([{ path: 'leveldb', gone: true, lost: 28, notAllowed: 28 }]);
    expect(report.outcome).toBe('rolled-back');
    expect(report.findings[0]).toMatchObject({
      code: 'records-lost',
      message: expect.stringMatching(/lost 28 records .*failed: leveldb \(gone, with 28 records\)$/),
      recommendation: expect.stringContaining('--allow-loss leveldb'),
    });
    isAsBefore('old-leveldb');
  });

  test.each([
    ['removed', "for (const part of ['', '-wal']) fs.rmSync('deployments/state.db' + part)"],
    ['removed without its -wal', "fs.rmSync('deployments/state.db')"],
    ['a folder now', "fs.rmSync('deployments/state.db'); fs.mkdirSync('deployments/state.db')"],
    ['with its folder', "fs.rmSync('deployments', { recursive: true })"],
    ['emptied', "fs.rmSync('deployments/state.db-wal'); fs.writeFileSync('deployments/state.db', '')"],
  ])('a SQLite database: %s', async (_how, script) => {
    const report = await run(script, { allowLoss: ['deployments/state.db/t/1'] });
    expect(databasesOf(report)).toMatchObject([{ gone: true, lost: 8, notAllowed: 7 }]);
    expect(report.outcome).toBe('rolled-back');
    isAsBefore();
  });

  test('--allow-loss with its path allows that', async () => {
    const script = "fs.rmSync('deployments/state.db'); fs.rmSync('leveldb', { recursive: true })";
    const report = await run(script, { allowLoss: ['deployments/state.db', 'level*'] });
    expect(report).toMatchObject({ outcome: 'succeeded', findings: [] });
    expect(databasesOf(report)).toMatchObject([{ notAllowed: 0 }, { notAllowed: 0 }]);
  });
});

test('rows are named by table and primary key; a table that has another name lost them all', async () => {
  const some = await run(SQL('DELETE FROM t WHERE id IN (2, 5)'));
  expect(databasesOf(some)).toMatchObject([{ lost: 2, records: [{ key: 't/2' }, { key: 't/5' }] }]);
  isAsBefore();
  const all = await run(SQL('ALTER TABLE t RENAME TO u'));
  expect(databasesOf(all)).toMatchObject([{ gone: false, lost: 8 }]);
  isAsBefore();
});

test('the line that allows a loss of a key with a star allows no other one', async () => {
  const keys = ['perm:*', 'perm:a', 'perm:b'];
  fs.rmSync(at('leveldb'), { recursive: true });
  await makeLevel(
    at('leveldb'),
    keys.map((key) => [Buffer.from(key), Buffer.from('{}')] as const),
  );
  before = tree();
  const dropping = async (kept: readonly string[], allowLoss: readonly string[]): Promise<GuardReport> => {
    writeDatabase(
      path.join(temp.path, 'kept'),
      kept.map((key) => [Buffer.from(key), Buffer.from('{}')]),
    );
    return run("fs.rmSync('leveldb', { recursive: true }); fs.renameSync('../kept', 'leveldb')", { allowLoss });
  };
  const told = await dropping(['perm:a', 'perm:b'], []);
  const line = String.raw`leveldb/perm:\*`;
  expect(told.findings[0]?.recommendation).toBe(`If it is meant to go, say so: --allow-loss '${line}'`);
  const more = await dropping(['perm:b'], [line]);
  expect(more).toMatchObject({ outcome: 'rolled-back', loss: { databases: [{ lost: 2, notAllowed: 1 }] } });
});

test('of many records a thousand are listed and all are counted', async () => {
  const database = new DatabaseSync(at('deployments/state.db'));
  database.exec(
    'WITH RECURSIVE c (i) AS (SELECT 9 UNION ALL SELECT i + 1 FROM c WHERE i < 2600) INSERT INTO t (id) SELECT i FROM c',
  );
  database.close();
  before = tree();
  const report = await run(SQL('DELETE FROM t WHERE id > 100'), { allowLoss: ['deployments/state.db/t/1*'] });
  const [lost] = databasesOf(report) ?? [];
  expect(lost).toMatchObject({ lost: 2500, notAllowed: 1401, moreRecords: 1500 });
  expect(lost?.records).toHaveLength(1000);
  expect(lost?.records.some(({ allowed }) => allowed)).toBe(false);
  expect(report.findings[0]?.message).toMatch(/ and 1396 more$/);
  isAsBefore();
});

describe('what cannot be compared', () => {
  const DAMAGE = `
const table = fs.readdirSync('leveldb').find((name) => name.endsWith('.ldb') || name.endsWith('.log'));
const bytes = fs.readFileSync('leveldb/' + table); bytes[10] ^= 1; fs.writeFileSync('leveldb/' + table, bytes);`;
  const LINK = "fs.renameSync('leveldb', '../elsewhere'); fs.symlinkSync('../elsewhere', 'leveldb')";
  const ENCRYPT = `fs.rmSync('deployments/state.db-wal');
fs.writeFileSync('deployments/state.db', require('crypto').randomBytes(8192));`;
  const HEADLESS = "fs.truncateSync('deployments/state.db')";

  test.each([
    ['a table that is damaged', 'leveldb', DAMAGE, /^leveldb\/\d+\.(?:log|ldb) at byte \d+: /],
    ['a LevelDB without CURRENT', 'leveldb', "fs.rmSync('leveldb/CURRENT')", /^what is left of it is not a whole Lev/],
    ['a link to it', 'leveldb', LINK, /^it is a link now$/],
    ['one that is encrypted now', 'deployments/state.db', ENCRYPT, /^what is there now is not a SQLite database$/],
    ['an empty file with a -wal', 'deployments/state.db', HEADLESS, /^its file is empty, but not what lies beside it$/],
  ])('is said, and under no-loss it is a loss: %s', async (_how, database, script, why) => {
    const report = await run(script);
    expect(report.loss).toMatchObject({ databases: [], looked: { databases: 1, of: 2 } });
    expect(report.loss?.notCompared).toEqual([{ path: database, why: expect.stringMatching(why) }]);
    expect(report.findings[0]).toMatchObject({ code: 'loss-not-known', severity: 'error', path: database });
    expect(report.outcome).toBe('rolled-back');
    isAsBefore();
    fs.rmSync(path.join(temp.path, 'elsewhere'), { recursive: true, force: true });
    const told = await run(script, { expect: undefined });
    expect(told).toMatchObject({ outcome: 'succeeded', findings: [{ code: 'loss-not-known', severity: 'warning' }] });
  });

  test('is allowed with its path', async () => {
    const report = await run(DAMAGE, { allowLoss: ['leveldb'] });
    expect(report).toMatchObject({ outcome: 'succeeded', findings: [{ code: 'loss-not-known', severity: 'warning' }] });
  });

  test('keys that only their application can order', async () => {
    const pairs = ['b', 'a'].map((key) => [Buffer.from(key), Buffer.from('{}')] as const);
    writeDatabase(at('docs/ordered'), pairs, { comparator: 'backwards' });
    before = tree();
    const changed = await run("fs.utimesSync('docs/ordered/MANIFEST-000004', 1, 1)");
    expect(changed.loss?.notCompared).toEqual([{ path: 'docs/ordered', why: expect.stringContaining('backwards') }]);
    isAsBefore();
    const remove = "fs.rmSync('docs/ordered', { recursive: true })";
    const gone = await run(remove, { allowLoss: ['docs/ordered/*a'] });
    expect(databasesOf(gone)).toMatchObject([{ gone: true, lost: null, notAllowed: null }]);
    expect(gone.findings[0]?.message).toMatch(/lost records that .*: docs\/ordered \(gone, with all its records\)$/);
    isAsBefore();
    expect(await run(remove, { allowLoss: ['docs/ordered'] })).toMatchObject({ outcome: 'succeeded' });
  });

  test('a database of an engine that nobody here reads', async () => {
    put(root, 'docs/kv/CURRENT', 'MANIFEST-000001\n');
    put(root, 'docs/kv/MANIFEST-000001', '');
    put(root, 'docs/kv/OPTIONS-000005', '[Version]\n  rocksdb_version=8.9.1\n');
    before = tree();
    expect((await run('')).loss).toMatchObject({ looked: { databases: 3, of: 3 } });
    const report = await run("fs.rmSync('docs/kv/MANIFEST-000001')");
    expect(report.loss?.notCompared).toEqual([{ path: 'docs/kv', why: expect.stringContaining('as plain files') }]);
    isAsBefore();
  });
});
