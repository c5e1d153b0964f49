import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ClassicLevel } from 'classic-level';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { create } from '../../src/core/operations/create.ts';
import { diffBackups, diffLive } from '../../src/core/operations/diff.ts';
import type { SelectedBackup } from '../../src/core/repository/selected.ts';
import { renderDiff } from '../../src/cli/render/diff.ts';
import { paint } from '../../src/cli/render/style.ts';
import { context, makeRealBackup, type RealBackup } from '../support/real-backup.ts';

let backup: RealBackup;
let first: SelectedBackup;
beforeEach(async () => {
  backup = await makeRealBackup();
  first = { id: backup.id, folder: backup.folder, dispose() {} };
});
afterEach(() => backup[Symbol.dispose]());

const inside = (relative: string): string => path.join(backup.root, relative);
const key = (at: number): string => `deployment:${String(at).padStart(6, '0')}`;

async function changeLevel(change: (level: ClassicLevel) => Promise<void>, at = 'leveldb'): Promise<void> {
  const level = new ClassicLevel(inside(at));
  await level.open();
  await change(level);
  await level.close();
}

function changeSqlite(sql: string): void {
  const db = new DatabaseSync(inside('deployments/state.db'));
  db.exec(sql);
  db.close();
}

async function backUp(allowPartial = false): Promise<SelectedBackup> {
  const { backupId: id, folder } = await create(backup.project, { verify: true, allowPartial }, context);
  return { id, folder, dispose() {} };
}

type Report = Awaited<ReturnType<typeof diffLive>>;

const databaseOf = ({ databases }: Report, at: string): unknown => databases.find((each) => each.path === at);

const textOf = (report: Report, all = false): string =>
  renderDiff(report, paint(process.stdout), all).join('\n').replaceAll(/\s+/g, ' ');

test('which records differ is said by key, what is gone first, and a second backup says the same as the project', async () => {
  await changeLevel(async (level) => {
    await level.put(key(0), 'other');
    await level.put(key(1), 'other');
    await level.del(key(7));
    await level.put('a\u001bnew', '');
  });
  changeSqlite(`CREATE TABLE more (name TEXT PRIMARY KEY); INSERT INTO more VALUES ('x'), ('y')`);
  const live = await diffLive(backup.project, first, context);
  expect(databaseOf(live, 'leveldb')).toMatchObject({
    same: false,
    before: { engine: 'leveldb', records: 200 },
    after: { engine: 'leveldb', records: 200 },
    records: { added: 1, removed: 1, changed: 2, same: 197 },
    changes: [
      { key: key(7), change: 'removed' },
      { key: key(0), change: 'changed' },
      { key: key(1), change: 'changed' },
      { key: String.raw`a\x1bnew`, change: 'added' },
    ],
    moreChanges: 0,
    problem: null,
  });
  expect(databaseOf(live, 'deployments/state.db')).toMatchObject({
    records: { added: 2, removed: 0, changed: 0, same: 8 },
    changes: [{ key: 'more/x' }, { key: 'more/y' }],
  });
  expect(textOf(live)).toContain(
    `~ leveldb: 2 records changed, 1 removed, 1 added: removed ${key(7)}; changed ${key(0)}, ${key(1)}; added a\\x1bnew`,
  );
  expect(textOf(live)).toContain('~ deployments/state.db: 2 records added: more/x, more/y');
  const second = await backUp();
  expect((await diffBackups(first, second, context)).databases).toEqual(live.databases);
  const back = await diffBackups(second, first, context);
  expect(databaseOf(back, 'leveldb')).toMatchObject({ records: { added: 1, removed: 1, changed: 2, same: 197 } });
  const only = await diffLive(backup.project, first, context, ['leveldb']);
  expect(only.databases).toEqual([databaseOf(live, 'leveldb')]);
});

test('more changes than are listed are counted, and no removed record is cut for them', async () => {
  await changeLevel(async (level) => {
    await level.batch(Array.from({ length: 1500 }, (_, at) => ({ type: 'put', key: `a${at}`, value: '' })));
    await level.put(key(0), '');
    await level.del(key(199));
  });
  const report = await diffLive(backup.project, first, context);
  const database = report.databases.find((each) => each.path === 'leveldb');
  expect(database).toMatchObject({ records: { added: 1500, removed: 1, changed: 1, same: 198 }, moreChanges: 502 });
  expect(database?.changes).toHaveLength(1000);
  expect(database?.changes.slice(0, 2)).toEqual([
    { key: key(199), change: 'removed' },
    { key: key(0), change: 'changed' },
  ]);
  expect(textOf(report)).toContain('and 1497 more');
  expect(textOf(report, true)).toContain('and 502 more: migbackup db diff');
});

test('the same records in other files are not read one by one', async () => {
  await changeLevel((level) => level.compactRange('a', 'z'));
  const report = await diffLive(backup.project, first, context);
  expect(databaseOf(report, 'leveldb')).toMatchObject({ same: true, records: null, changes: [], problem: null });
});

test('a table without rows is a difference, though no record is one', async () => {
  changeSqlite('CREATE TABLE empty (name TEXT)');
  const report = await diffLive(backup.project, first, context);
  expect(databaseOf(report, 'deployments/state.db')).toMatchObject({
    same: false,
    records: { added: 0, removed: 0, changed: 0, same: 8 },
  });
  expect(textOf(report)).toContain('state.db: no record differs (8 records), but something else in it does');
});

test('a database that is there on one side only has no records to compare', async () => {
  rmSync(inside('leveldb'), { recursive: true });
  const report = await diffLive(backup.project, first, context);
  expect(databaseOf(report, 'leveldb')).toMatchObject({ before: { records: 200 }, after: null, records: null });
  expect(textOf(report)).toContain('leveldb: 200 records -> none');
});

test('records that the backup cannot give are a problem, and what the sides hold is said all the same', async () => {
  const folder = backup.copy();
  const archive = readdirSync(folder).find((name) => name.startsWith('leveldb') && name.endsWith('.zst'));
  writeFileSync(path.join(folder, archive ?? ''), 'not an archive any more');
  await changeLevel((level) => level.put('new', ''));
  const report = await diffLive(backup.project, { ...first, folder }, context);
  expect(databaseOf(report, 'leveldb')).toMatchObject({
    same: false,
    before: { records: 200 },
    after: { records: 201 },
    records: null,
    problem: expect.stringContaining(archive ?? 'no archive'),
  });
  expect(textOf(report)).toContain('! leveldb: its records were not compared:');
  expect(report.same).toBe(false);
});

test('another engine at the same path is said, even if neither holds a record', async () => {
  await changeLevel(async () => {}, 'deployments/state');
  const empty = await backUp();
  rmSync(inside('deployments/state'), { recursive: true });
  const db = new DatabaseSync(inside('deployments/state'));
  db.exec('PRAGMA user_version = 1');
  db.close();
  const report = await diffLive(backup.project, empty, context);
  expect(databaseOf(report, 'deployments/state')).toMatchObject({
    engine: 'sqlite',
    before: { engine: 'leveldb', records: 0 },
    after: { engine: 'sqlite', records: 0 },
    same: false,
    records: null,
    problem: expect.stringContaining('it was a LevelDB database and is a SQLite database now'),
  });
});

test('a database that the backup holds as plain files did not come from nowhere', async () => {
  const manifest = readdirSync(inside('leveldb')).find((name) => name.startsWith('MANIFEST'));
  const kept = inside('kept');
  cpSync(inside('leveldb'), kept, { recursive: true });
  writeFileSync(inside(`leveldb/${manifest}`), 'no manifest');
  const partial = await create(backup.project, { verify: true, allowPartial: true, raw: ['leveldb'] }, context);
  rmSync(inside('leveldb'), { recursive: true });
  mkdirSync(inside('leveldb'));
  cpSync(kept, inside('leveldb'), { recursive: true });
  rmSync(kept, { recursive: true });
  const report = await diffLive(
    backup.project,
    { id: partial.backupId, folder: partial.folder, dispose() {} },
    context,
  );
  expect(databaseOf(report, 'leveldb')).toMatchObject({
    before: null,
    after: { records: 200 },
    problem: expect.stringContaining('holds it as plain files'),
  });
});
