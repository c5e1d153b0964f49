import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCli, type CliResult } from '../support/run-cli.ts';
import { dataProject, putSource } from '../support/sqlite/data-project.ts';
import { makeSqlite, makeSqliteWithWal, textsInCopy } from '../support/sqlite/make-sqlite.ts';
import type { TempFolder } from '../support/temp-folder.ts';

/* A -wal or -journal without its database file, in the project or in the backup: it never ends beside another database. */

let temp: TempFolder;
let root: string;
let file: string;
beforeEach(() => {
  ({ temp, root, file } = dataProject());
});
afterEach(() => temp[Symbol.dispose]());

const run = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: root });
const state = (): string => textsInCopy(file, temp.path);
const there = (): string[] => fs.readdirSync(path.join(root, 'data')).toSorted();
const bytes = (part: string): Buffer => fs.readFileSync(file + part);

/** Leaves the -wal of a database whose file is gone. */
function orphan(text = 'old'): Buffer {
  makeSqliteWithWal(file, { rows: 300, text });
  fs.rmSync(file);
  return bytes('-wal');
}

test.each([[['**/*.db']], [['app.db']]])(
  'the parts of a database that %s leaves out are left out with it',
  async (exclude) => {
    putSource(root, { path: 'data', exclude });
    makeSqliteWithWal(file, { rows: 300, text: 'old' });
    expect((await run('create')).exitCode).toBe(0);
    const to = path.join(temp.path, 'there');
    expect((await run('restore', '--latest', '--to', to)).exitCode).toBe(0);
    expect(fs.readdirSync(path.join(to, 'data'))).toEqual(['other.json']);
    makeSqliteWithWal(file, { rows: 200, text: 'later' });
    const later = state();
    expect((await run('restore', '--latest', '--yes')).exitCode).toBe(0);
    expect(state()).toBe(later);
  },
);

test('a backup that has a -wal alone does not put it beside a database', async () => {
  orphan();
  expect((await run('create')).exitCode).toBe(0);
  fs.rmSync(`${file}-wal`);
  makeSqlite(file, { rows: 50, text: 'another' });
  const another = state();
  const restored = await run('restore', '--latest', '--yes');
  expect(restored.exitCode).toBe(6);
  expect(restored.stderr).toContain('data/app.db-wal');
  expect(restored.stderr).toContain('--exact');
  expect(state()).toBe(another);
  expect(there()).toEqual(['app.db', 'other.json']);
  expect((await run('restore', '--latest', '--yes', '--only', 'data/other.json')).exitCode).toBe(0);
});

test.each(['with', 'without'])(
  '--exact takes the database away and brings the -wal, %s a -wal that lies there',
  async (is) => {
    const wal = orphan();
    expect((await run('create')).exitCode).toBe(0);
    if (is === 'without') fs.rmSync(`${file}-wal`);
    makeSqlite(path.join(temp.path, 'new.db'), { rows: 50, text: 'another' });
    fs.renameSync(path.join(temp.path, 'new.db'), file);
    const before = there();
    const restored = await run('restore', '--latest', '--yes', '--exact');
    expect(restored.exitCode, restored.stderr).toBe(0);
    expect(there()).toEqual(['app.db-wal', 'other.json']);
    expect(bytes('-wal')).toEqual(wal);
    expect((await run('diff', '--exit-code')).exitCode).toBe(0);
    const undone = await run('undo', '--yes');
    expect(undone.exitCode, undone.stderr).toBe(0);
    expect(there()).toEqual(before);
  },
);

test('undo and guard go back to a -wal without its file', async () => {
  makeSqlite(file, { rows: 50, text: 'stored' });
  const stored = state();
  expect((await run('create')).exitCode).toBe(0);
  fs.rmSync(file);
  const wal = orphan();
  const restored = await run('restore', '--latest', '--yes');
  expect(restored.exitCode, restored.stderr).toBe(0);
  expect(state()).toBe(stored);
  const undone = await run('undo', '--yes');
  expect(undone.exitCode, undone.stderr).toBe(0);
  expect(there()).toEqual(['app.db-wal', 'other.json']);
  expect(bytes('-wal')).toEqual(wal);
  makeSqlite(path.join(temp.path, 'new.db'), { rows: 50, text: 'another' });
  const guarded = await run('guard', '--', 'sh', '-c', `mv ${path.join(temp.path, 'new.db')} data/app.db; exit 3`);
  expect(guarded.exitCode, guarded.stderr).toBe(20);
  expect(there()).toEqual(['app.db-wal', 'other.json']);
  expect(bytes('-wal')).toEqual(wal);
});
