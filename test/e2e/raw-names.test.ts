import fs from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { put } from '../support/files.ts';
import { runCli } from '../support/run-cli.ts';
import { makeSqlite, makeSqliteWithWal } from '../support/sqlite/make-sqlite.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/** What `create --raw` takes for the name of a database. */

let temp: TempFolder;
let root: string;
beforeEach(() => {
  temp = tempFolder();
  root = path.join(temp.path, 'project');
  const sources = { d: { path: 'data' }, more: { path: 'more' } };
  put(root, 'migbackup.config.json', JSON.stringify({ categories: { app: { sources } } }));
  makeSqliteWithWal(path.join(root, 'data/a.db'), { rows: 5, text: 'old' });
  makeSqlite(path.join(root, 'data/deep/b.db'), { rows: 5 });
  makeSqlite(path.join(root, 'more/c.db'), { rows: 5 });
  put(root, 'data/note.txt', 'text');
  fs.symlinkSync('project', path.join(temp.path, 'way'));
  return () => temp[Symbol.dispose]();
});

const run = (...args: string[]) => runCli(args, { cwd: root });

interface Document {
  readonly findings: { readonly code: string; readonly path: string }[];
  readonly error: { readonly code: string; readonly message: string; readonly hint: string };
}

test.each<[string, string[]]>([
  ['data/a.db', ['data/a.db']],
  ['./data/a.db', ['data/a.db']],
  ['data/../data//a.db/', ['data/a.db']],
  ['ROOT/data/a.db', ['data/a.db']],
  ['WAY/data/a.db', ['data/a.db']],
  ['data', ['data/a.db', 'data/deep/b.db']],
  ['./data/deep/', ['data/deep/b.db']],
  ['.', ['data/a.db', 'data/deep/b.db', 'more/c.db']],
  ['app', ['data/a.db', 'data/deep/b.db', 'more/c.db']],
  ['app/more', ['more/c.db']],
])('--raw %s', async (term, raw) => {
  const named = term.replace('ROOT', root).replace('WAY', path.join(temp.path, 'way'));
  const created = await run('create', '--json', '--raw', named);
  expect(created.exitCode, created.stderr).toBe(0);
  const { findings }: Document = JSON.parse(created.stdout);
  expect(findings.filter(({ code }) => code === 'database-not-proven').map((each) => each.path)).toEqual(raw);
});

test.each<[string, string | RegExp]>([
  ['data/nope.db', 'Did you mean data/a.db?'],
  ['data/a.db-wal', 'Did you mean data/a.db?'],
  ['data/note.txt', /The databases are: data\/a\.db, data\/deep\/b\.db and more\/c\.db/],
  ['data/*.db', 'Did you mean data/a.db?'],
  ['nope', 'The databases are'],
  ['', 'The databases are'],
  ['configs', 'The databases are'],
  ['app/nope', 'The databases are'],
  ['../project/data/a.db', 'The databases are'],
  ['/elsewhere/a.db', 'The databases are'],
])('--raw %s names no database, and nothing is done', async (term, hint) => {
  const created = await run('create', '--json', '--raw', 'data/a.db', '--raw', term);
  expect(created.exitCode).toBe(2);
  const { error }: Document = JSON.parse(created.stdout);
  expect(error).toMatchObject({ code: 'USAGE', message: `--raw ${term} names no database that would be stored` });
  expect(error.hint).toEqual(expect.stringMatching(hint));
  expect(fs.existsSync(path.join(root, 'backups'))).toBe(false);
});

test('one that is out of the scope of --only is none either', async () => {
  put(root, 'configs/x.json', '{}');
  const sources = { c: { path: 'configs' } };
  const config: { categories: object } = JSON.parse(fs.readFileSync(path.join(root, 'migbackup.config.json'), 'utf8'));
  put(root, 'migbackup.config.json', JSON.stringify({ categories: { ...config.categories, other: { sources } } }));
  const created = await run('create', '--json', '--only', 'other', '--raw', 'data/a.db');
  expect(created.exitCode).toBe(2);
  expect(created.stdout).toContain('No database would be stored.');
});

test('a damaged one in a folder is advised by its own path', async () => {
  fs.truncateSync(path.join(root, 'data/deep/b.db'), 1000);
  const refused = await run('create');
  expect(refused.exitCode).toBe(5);
  expect(refused.stderr).toMatch(/--raw data\/deep\/b\.db\.\s/);
  expect((await run('create', '--raw', 'data/deep/b.db')).exitCode).toBe(0);
});
