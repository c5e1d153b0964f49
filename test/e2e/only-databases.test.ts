import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { put } from '../support/files.ts';
import { writeDatabase } from '../support/leveldb/write-database.ts';
import { runCli, type CliResult } from '../support/run-cli.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/* A LevelDB folder is one thing: a term of `--only` that selects any file of it selects all of it, for every command. */

let temp: TempFolder;
let root: string;
const CATEGORIES = {
  docs: { sources: { docs: { path: 'docs' } } },
  leveldb: { sources: { db: { path: 'leveldb' } } },
};
const DATABASE = [
  'leveldb/000005.ldb',
  'leveldb/000006.log',
  'leveldb/CURRENT',
  'leveldb/MANIFEST-000004',
  'leveldb/lost/000001.ldb',
];

beforeEach(() => {
  temp = tempFolder();
  root = path.join(temp.path, 'project');
  put(root, 'migbackup.config.json', JSON.stringify({ categories: CATEGORIES }));
  put(root, 'docs/a.md', 'a');
  put(root, 'docs/below/b.md', 'b');
  put(root, 'leveldb/lost/000001.ldb', 'old');
  fill('value');
});
afterEach(() => temp[Symbol.dispose]());

const fill = (value: string): void =>
  writeDatabase(path.join(root, 'leveldb'), [[Buffer.from('key'), Buffer.from(value)]]);
const run = (args: string[], cwd = ''): Promise<CliResult> => runCli(args, { cwd: path.join(root, cwd) });

async function json<T>(args: string[], cwd = ''): Promise<T> {
  const { stdout, stderr, exitCode } = await run([...args, '--json'], cwd);
  expect(exitCode, stdout + stderr).toBe(0);
  return JSON.parse(stdout);
}

async function filesOf(args: string[], cwd = ''): Promise<string[]> {
  const { entries } = await json<{ entries: { path: string; type: string }[] }>(['show', '--files', ...args], cwd);
  return entries.filter(({ type }) => type === 'file').map((entry) => entry.path);
}

function filesBelow(folder: string): string[] {
  const all = readdirSync(folder, { recursive: true, withFileTypes: true });
  return all
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .toSorted();
}

const TERMS: [terms: string, files: string[], cwd?: string][] = [
  ['leveldb/CURRENT', DATABASE],
  ['./MANIFEST-000004', DATABASE, 'leveldb'],
  ['leveldb/lost', DATABASE],
  ['leveldb/*', DATABASE],
  ['**/*.log', DATABASE],
  ['*/*', ['docs/a.md', ...DATABASE]],
  ['docs/below,leveldb/*.ldb', ['docs/below/b.md', ...DATABASE]],
];

test.each(TERMS)(
  '--only %s is the same for every command',
  async (term, files, cwd = '') => {
    const only = ['--only', term];
    const { backupId } = await json<{ backupId: string }>(['create']);
    expect(await filesOf([backupId, ...only], cwd)).toEqual(files.toSorted());

    const { scope } = await json<{ scope: object }>(['verify', backupId, ...only], cwd);
    expect(scope).toMatchObject({ mode: 'selection', filesChecked: files.length });

    const to = path.join(temp.path, 'to');
    await json(['restore', backupId, '--to', to, ...only], cwd);
    expect(filesBelow(to)).toEqual(files.toSorted());

    const { output } = await json<{ output: string }>(['export', backupId, ...only], cwd);
    expect(await filesOf([output])).toEqual(files.toSorted());
    rmSync(output);

    fill('other');
    const { changes } = await json<{ changes: { path: string }[] }>(['diff', backupId, ...only], cwd);
    expect(changes.map((change) => change.path)).toEqual(['leveldb/000005.ldb']);
    await json(['restore', backupId, '--yes', ...only], cwd);
    expect(await json<object>(['diff', backupId])).toMatchObject({ same: true });

    const part = await json<{ backupId: string; categories: Record<string, { sources: object[] }> }>(
      ['create', ...only],
      cwd,
    );
    expect(await filesOf([part.backupId])).toEqual(files.toSorted());
    expect(part.categories['leveldb']?.sources).toMatchObject([{ databases: [{ path: 'leveldb', records: 1 }] }]);
    // What came into it since is covered by the backup, which has all of it.
    put(root, 'leveldb/lost/000002.ldb', 'new');
    put(root, 'docs/other/c.md', 'new');
    await json(['restore', part.backupId, '--exact', '--yes']);
    expect(['leveldb/lost/000002.ldb', 'docs/other/c.md'].map((file) => existsSync(path.join(root, file)))).toEqual([
      false,
      true,
    ]);
  },
  120_000,
);

test('a term that selects nothing that is stored of it does not select it', async () => {
  put(root, 'leveldb/LOG', '');
  for (const term of ['leveldb/LOG', 'leveldb/*.txt']) {
    const { exitCode, stderr } = await run(['create', '--only', term]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`--only ${term} names no category, no source and nothing else that is backed up`);
  }
  await json(['create', '--only', 'docs/*']);
  expect(await filesOf([])).toEqual(['docs/a.md']);
});

test('one that was stored as plain files is one thing, too', async () => {
  const { backupId } = await json<{ backupId: string }>(['create', '--raw', 'leveldb', '--only', 'leveldb/CURRENT']);
  expect(await filesOf([backupId])).toEqual(DATABASE);
  expect(await filesOf([backupId, '--only', 'leveldb/CURRENT'])).toEqual(DATABASE);
  fill('other');
  await json(['restore', backupId, '--only', 'leveldb/CURRENT', '--yes']);
  expect(await json<object>(['diff', backupId])).toMatchObject({ same: true });
});
