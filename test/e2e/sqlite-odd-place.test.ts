import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { ClassicLevel } from 'classic-level';
import { beforeEach, expect, test } from 'vitest';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import { put } from '../support/files.ts';
import { makeDatabase } from '../databases/leveldb/make-database.ts';
import { runCli } from '../support/run-cli.ts';
import { connectionElsewhere } from '../support/sqlite/connection-elsewhere.ts';
import { dataProject } from '../support/sqlite/data-project.ts';
import { makeSqlite, makeSqliteWithWal, textsInCopy } from '../support/sqlite/make-sqlite.ts';
import type { TempFolder } from '../support/temp-folder.ts';

/** Something else than a file stands where the backup has a SQLite database. */

let temp: TempFolder;
let root: string;
let file: string;
beforeEach(() => {
  ({ temp, root, file } = dataProject());
  return () => temp[Symbol.dispose]();
});

const run = (...args: string[]) => runCli(args, { cwd: root });
const tree = () => readTree(root, ['backups', '.migbackup']);

const IN_PLACE: [string, () => unknown][] = [
  ['an empty folder', () => fs.mkdirSync(file)],
  ['a folder with a file', () => put(root, 'data/app.db/note.txt', 'why')],
  ['a link to a file', () => fs.symlinkSync('other.json', file)],
  [
    'a link to a database',
    () => {
      makeSqlite(path.join(root, 'data/real'));
      fs.symlinkSync('real', file);
    },
  ],
  ['a LevelDB', () => makeDatabase(file, (db) => db.put(Buffer.from('key'), Buffer.from('value')))],
];

test.each(IN_PLACE)('%s: a restore brings the database, undo brings that back', async (_, put_) => {
  makeSqliteWithWal(file, { rows: 30, text: 'old' });
  const old = textsInCopy(file);
  expect((await run('create')).exitCode).toBe(0);
  for (const part of ['', '-wal']) fs.rmSync(file + part, { force: true });
  await put_();
  const before = tree();
  const restored = await run('restore', '--latest', '--yes', '--exact');
  expect(restored.exitCode, restored.stderr).toBe(0);
  expect(textsInCopy(file)).toBe(old);
  const undone = await run('undo', '--yes');
  expect(undone.exitCode, undone.stderr).toBe(0);
  expect(compareTrees(before, tree())).toEqual([]);
});

test('a pipe', async () => {
  makeSqlite(file);
  const old = textsInCopy(file);
  expect((await run('create')).exitCode).toBe(0);
  fs.rmSync(file);
  execFileSync('mkfifo', [file]);
  const restored = await run('restore', '--latest', '--yes');
  expect(restored.exitCode, restored.stderr).toBe(0);
  expect(textsInCopy(file)).toBe(old);
});

test('a LevelDB that somebody has open is not replaced by a SQLite database', async () => {
  makeSqlite(file);
  expect((await run('create')).exitCode).toBe(0);
  fs.rmSync(file);
  const database = new ClassicLevel(file);
  await database.put('key', 'value');
  for (const way of [[], ['--only', 'data/app.db'], ['--exact']]) {
    const restored = await run('restore', '--latest', '--yes', '--json', ...way);
    expect(restored.exitCode, restored.stderr).toBe(11);
    expect(restored.stdout).toContain('DATABASE_HELD');
    expect(await database.get('key')).toBe('value');
  }
  await database.close();
});

test('a LevelDB that somebody has open is not replaced by an undo either', async () => {
  await makeDatabase(file, (db) => db.put(Buffer.from('key'), Buffer.from('value')));
  expect((await run('create')).exitCode).toBe(0);
  fs.rmSync(file, { recursive: true });
  makeSqlite(file);
  const before = tree();
  const restored = await run('restore', '--latest', '--yes');
  expect(restored.exitCode, restored.stderr).toBe(0);
  const database = new ClassicLevel(file);
  expect(await database.get('key')).toBe('value');
  expect((await run('undo', '--yes')).exitCode).toBe(11);
  await database.close();
  const undone = await run('undo', '--yes');
  expect(undone.exitCode, undone.stderr).toBe(0);
  expect(compareTrees(before, tree())).toEqual([]);
});

test('a SQLite database that somebody has open is not replaced by a LevelDB', async () => {
  await makeDatabase(file, (db) => db.put(Buffer.from('key'), Buffer.from('value')));
  expect((await run('create')).exitCode).toBe(0);
  fs.rmSync(file, { recursive: true });
  makeSqlite(file);
  await using other = connectionElsewhere(file);
  await other.ask('open');
  expect(await other.ask('BEGIN IMMEDIATE')).toBe('[]');
  const restored = await run('restore', '--latest', '--yes');
  expect(restored.exitCode, restored.stderr).toBe(11);
});
