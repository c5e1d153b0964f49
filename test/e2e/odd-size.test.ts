import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { put } from '../support/files.ts';
import { runCli } from '../support/run-cli.ts';
import { makeSqlite, textsIn } from '../support/sqlite/make-sqlite.ts';
import { tempFolder } from '../support/temp-folder.ts';

test('a database with something behind its last page is proven, and comes back to the byte; one that was cut is said', async () => {
  using temp = tempFolder();
  const root = path.join(temp.path, 'project');
  const file = path.join(root, 'data/state.data');
  const config = { categories: { app: { sources: { d: { path: 'data' } } } } };
  put(root, 'migbackup.config.json', JSON.stringify(config));
  makeSqlite(file);
  fs.appendFileSync(file, 'x');
  const bytes = fs.readFileSync(file);
  const run = (...args: string[]) => runCli(args, { cwd: root });
  const created = await run('create', '--json');
  expect(created.exitCode, created.stderr).toBe(0);
  expect(created.stdout).toContain('"engine": "sqlite"');
  fs.rmSync(file);
  expect((await run('restore', '--latest', '--yes')).exitCode).toBe(0);
  expect(fs.readFileSync(file)).toEqual(bytes);
  expect(textsIn(file)).toBe('ok: 300 old');

  fs.truncateSync(file, 5000);
  const refused = await run('create');
  expect(refused.exitCode).toBe(5);
  expect(refused.stderr).toContain('the SQLite database data/state.data is damaged');
});
