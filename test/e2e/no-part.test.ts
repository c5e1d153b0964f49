import fs from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import { put } from '../support/files.ts';
import { runCli } from '../support/run-cli.ts';
import { dataProject } from '../support/sqlite/data-project.ts';
import { makeSqlite } from '../support/sqlite/make-sqlite.ts';
import type { TempFolder } from '../support/temp-folder.ts';

/** Files beside a database that are called as its parts, and cannot be such. */

let temp: TempFolder;
let root: string;
let file: string;
beforeEach(() => {
  ({ temp, root, file } = dataProject());
  makeSqlite(file);
  return () => temp[Symbol.dispose]();
});

const run = (...args: string[]) => runCli(args, { cwd: root });
const tree = () => readTree(root, ['backups', '.migbackup']);

interface Created {
  readonly findings: { readonly code: string }[];
  readonly totals: { readonly files: number };
}

test.each<[string, () => void, number]>([
  [
    'texts',
    () => {
      put(root, 'data/app.db-wal', 'a list of what hangs on the wall');
      put(root, 'data/app.db-journal', 'dear diary');
    },
    5,
  ],
  ['a database', () => makeSqlite(`${file}-wal`, { rows: 7, text: 'other' }), 4],
  ['a database with the other name', () => makeSqlite(`${file}-journal`, { rows: 7, text: 'other' }), 4],
])('%s: stored, proven, restored', async (_, make, files) => {
  make();
  const before = tree();
  const created = await run('create', '--json');
  expect(created.exitCode, created.stderr).toBe(0);
  const { findings, totals }: Created = JSON.parse(created.stdout);
  expect(findings).toEqual([]);
  expect(totals.files).toBe(files);
  expect((await run('diff')).exitCode).toBe(0);
  const verified = await run('verify', '--latest', '--rehearse');
  expect(verified.exitCode, verified.stderr).toBe(0);
  fs.rmSync(path.join(root, 'data'), { recursive: true });
  const restored = await run('restore', '--latest', '--yes');
  expect(restored.exitCode, restored.stderr).toBe(0);
  expect(compareTrees(before, tree())).toEqual([]);
  const raw = await run('create', '--raw', 'data/app.db', '--json');
  expect(raw.exitCode, raw.stderr).toBe(0);
  expect(JSON.parse(raw.stdout)).toMatchObject({ totals: { files } });
});

test.each([
  ['an empty -wal', '-wal', ''],
  ['a -journal whose header is zeroed', '-journal', '\0'.repeat(512)],
  ['a -shm', '-shm', 'anything'],
])('%s is a part, and carries nothing', async (_, part, content) => {
  put(root, `data/app.db${part}`, content);
  const created = await run('create', '--json');
  expect(created.exitCode, created.stderr).toBe(0);
  expect(JSON.parse(created.stdout)).toMatchObject({ findings: [], totals: { files: 3 } });
});

test('a restore and an undo of the database leave it where it lies', async () => {
  expect((await run('create')).exitCode).toBe(0);
  makeSqlite(path.join(temp.path, 'new.db'), { rows: 9, text: 'new' });
  fs.renameSync(path.join(temp.path, 'new.db'), file);
  put(root, 'data/app.db-wal', 'a list of what hangs on the wall');
  const before = tree();
  const restored = await run('restore', '--latest', '--yes');
  expect(restored.exitCode, restored.stderr).toBe(0);
  expect(fs.readFileSync(`${file}-wal`, 'utf8')).toBe('a list of what hangs on the wall');
  expect(restored.stdout).toMatch(/restored +1 file/);
  const undone = await run('undo', '--yes');
  expect(undone.exitCode, undone.stderr).toBe(0);
  expect(compareTrees(before, tree())).toEqual([]);
});

test.each<[string, () => void, () => void]>([
  ['a database becomes a text', () => makeSqlite(`${file}-wal`), () => put(root, 'data/app.db-wal', 'notes')],
  ['a text becomes a database', () => put(root, 'data/app.db-wal', 'notes'), () => makeSqlite(`${file}-wal`)],
  ['it goes', () => makeSqlite(`${file}-wal`), () => {}],
  ['both go', () => makeSqlite(`${file}-wal`), () => fs.rmSync(file)],
])('%s: restore, undo and guard bring back what was', async (_what, make, change) => {
  make();
  const before = tree();
  expect((await run('create')).exitCode).toBe(0);
  fs.rmSync(`${file}-wal`);
  change();
  const changed = tree();
  const restored = await run('restore', '--latest', '--yes');
  expect(restored.exitCode, restored.stderr).toBe(0);
  expect(compareTrees(before, tree())).toEqual([]);
  const undone = await run('undo', '--yes');
  expect(undone.exitCode, undone.stderr).toBe(0);
  expect(compareTrees(changed, tree())).toEqual([]);
});

test('undo removes a text of that name which the restore brought', async () => {
  put(root, 'data/app.db-wal', 'notes');
  expect((await run('create')).exitCode).toBe(0);
  fs.rmSync(`${file}-wal`);
  fs.rmSync(file);
  makeSqlite(file, { rows: 3, text: 'other' });
  const changed = tree();
  expect((await run('restore', '--latest', '--yes', '--exact')).exitCode).toBe(0);
  const undone = await run('undo', '--yes');
  expect(undone.exitCode, undone.stderr).toBe(0);
  // Who holds the locks meanwhile is migbackup itself.
  expect(undone.stdout + undone.stderr).not.toContain('other processes');
  expect(compareTrees(changed, tree())).toEqual([]);
});

test('a link in the place of a part is said by its path, and --raw goes on with the files', async () => {
  fs.symlinkSync('other.json', `${file}-wal`);
  const created = await run('create', '--json');
  expect(created.exitCode).toBe(5);
  const { error } = JSON.parse(created.stdout);
  expect(error).toMatchObject({ code: 'DATABASE_DAMAGED', hint: expect.stringContaining('--raw data/app.db') });
  expect((await run('create', '--raw', 'data/app.db')).exitCode).toBe(0);
});
