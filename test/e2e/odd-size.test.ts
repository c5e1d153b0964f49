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
  const error = async (...args: string[]): Promise<unknown> => {
    const { error: said }: { error: unknown } = JSON.parse((await run(...args, '--json')).stdout);
    return said;
  };
  expect(await error('create')).toMatchObject({ path: 'data/state.data' });
  expect(await error('db', 'ls', 'data/state.data')).toMatchObject({ path: file });
  makeSqlite(path.join(root, 'data/zero.db'));
  fs.writeFileSync(path.join(root, 'data/zero.db'), zeroedPages(path.join(root, 'data/zero.db')));
  fs.rmSync(file);
  expect(await error('db', 'ls', 'data/zero.db')).toMatchObject({ path: path.join(root, 'data/zero.db') });
  expect(await error('create')).toMatchObject({ path: 'data/zero.db' });
});

/** The file with its header alone: no page is one of a tree. */
function zeroedPages(of: string): Buffer {
  const bytes = fs.readFileSync(of);
  return bytes.fill(0, 100);
}
