import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { put } from '../support/files.ts';
import { runCli, type CliResult } from '../support/run-cli.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/* `--only` on create, verify, restore, show, diff and export: the same terms, wherever one stands. */

let temp: TempFolder;
let root: string;
const CATEGORIES = {
  json: { sources: { mine: { path: 'a' } } },
  'legacy-json': { sources: { old: { path: 'legacy' } } },
  'unified-json': { sources: { new: { path: 'unified' } } },
  whole: { sources: { data: { path: 'data', exclusive: true } } },
};
beforeEach(() => {
  temp = tempFolder();
  root = path.join(temp.path, 'project');
  put(root, 'migbackup.config.json', JSON.stringify({ categories: CATEGORIES }));
  put(root, 'a/x.json', '{}');
  put(root, 'a/x,y.json', '{}');
  put(root, 'a/legacy/l.json', '{"in": "a"}');
  put(root, 'legacy/l.json', '{}');
  put(root, 'unified/u.json', '{}');
  put(root, 'data/one.txt', '1');
  put(root, 'data/two.txt', '2');
  using database = new DatabaseSync(path.join(root, 'unified/app.db'));
  database.exec('CREATE TABLE t (k); INSERT INTO t VALUES (1)');
});
afterEach(() => temp[Symbol.dispose]());

const run = (args: string[], cwd = ''): Promise<CliResult> => runCli(args, { cwd: path.join(root, cwd) });

async function json<T>(args: string[], cwd = ''): Promise<T> {
  const { stdout, exitCode } = await run([...args, '--json'], cwd);
  expect(exitCode, stdout).toBe(0);
  return JSON.parse(stdout);
}

/** The files that a command is about, of everything that there is. */
async function filesOf(args: string[], cwd = ''): Promise<string[]> {
  const { entries } = await json<{ entries: { path: string; type: string }[] }>(['show', '--files', ...args], cwd);
  return entries.filter(({ type }) => type === 'file').map((entry) => entry.path);
}

const TERMS: [terms: string[], files: string[], cwd?: string][] = [
  [['json'], ['a/legacy/l.json', 'a/x,y.json', 'a/x.json']],
  [['legacy-json/old'], ['legacy/l.json']],
  [['**/x*.json'], ['a/x,y.json', 'a/x.json']],
  [['a/x.json,unified-json'], ['a/x.json', 'unified/app.db', 'unified/u.json']],
  [['a/x,y.json'], ['a/x,y.json']],
  [['unified/*.{db,txt}'], ['unified/app.db']],
  [['x.json'], ['a/x.json'], 'a'],
  [['../unified'], ['unified/app.db', 'unified/u.json'], 'a'],
  [['./*.json'], ['a/x,y.json', 'a/x.json'], 'a'],
  [['.'], ['a/legacy/l.json', 'a/x,y.json', 'a/x.json'], 'a'],
];

test.each(TERMS)('--only %j is the same for every command', async (terms, files, cwd = '') => {
  const only = terms.flatMap((term) => ['--only', term]);
  const { backupId } = await json<{ backupId: string }>(['create']);
  expect(await filesOf([backupId, ...only], cwd)).toEqual(files);

  const { scope } = await json<{ scope: object }>(['verify', backupId, ...only], cwd);
  expect(scope).toMatchObject({ mode: 'selection', filesChecked: files.length });

  const to = path.join(temp.path, 'to');
  await json(['restore', backupId, '--to', to, ...only], cwd);
  const all = ['a/x.json', 'a/x,y.json', 'a/legacy/l.json', 'legacy/l.json', 'unified/u.json', 'unified/app.db'];
  expect(all.filter((file) => existsSync(path.join(to, file))).toSorted()).toEqual(files);

  const { output } = await json<{ output: string }>(['export', backupId, ...only], cwd);
  expect(await filesOf([output])).toEqual(files);

  for (const file of all) writeFileSync(path.join(root, file), 'changed');
  const { changes } = await json<{ changes: { path: string }[] }>(['diff', backupId, ...only], cwd);
  expect(changes.map((change) => change.path)).toEqual(files);

  for (const file of all) rmSync(path.join(root, file));
  await json(['restore', backupId, '--yes'], cwd);
  const part = await json<{ backupId: string; completeness: string }>(['create', ...only], cwd);
  expect(part.completeness).toBe('partial');
  expect(await filesOf([part.backupId])).toEqual(files);
});

test('an absolute path is one of the project', async () => {
  await json(['create']);
  expect(await filesOf(['--only', path.join(root, 'a/x.json')], 'unified')).toEqual(['a/x.json']);
});

test.each([
  ['../project/a/x.json', '', ['a/x.json']],
  ['../../project/unified', 'a', ['unified/app.db', 'unified/u.json']],
  ['../../project/uni*/*.json', 'a', ['unified/u.json']],
  ['../project/json', '', ['json/j.txt']],
])('--only %s in "%s" leads out of the project and back into it', async (term, cwd, files) => {
  put(
    root,
    'migbackup.config.json',
    JSON.stringify({ categories: { ...CATEGORIES, more: { sources: { more: { path: 'json' } } } } }),
  );
  put(root, 'json/j.txt', 'j');
  await json(['create', '--only', term], cwd);
  expect(await filesOf([])).toEqual(files);
  await json(['create']);
  expect(await filesOf(['--only', term], cwd)).toEqual(files);
});

describe('what was taken of a part says nothing about the rest', () => {
  test.each([['data/one.txt'], ['data/o*']])('restore --exact of %s', async (term) => {
    const { backupId } = await json<{ backupId: string }>(['create', '--only', term]);
    writeFileSync(path.join(root, 'data/one.txt'), 'changed');
    await json(['restore', backupId, '--exact', '--yes']);
    expect(readFileSync(path.join(root, 'data/one.txt'), 'utf8')).toBe('1');
    expect(readFileSync(path.join(root, 'data/two.txt'), 'utf8')).toBe('2');
    expect(await json<object>(['diff', backupId])).toMatchObject({ same: true, changes: [] });
  });

  test('what came into it is removed by --exact', async () => {
    const { backupId } = await json<{ backupId: string }>(['create', '--only', 'data/o*']);
    put(root, 'data/other.txt', 'new');
    put(root, 'data/new.txt', 'new');
    await json(['restore', backupId, '--exact', '--yes']);
    expect([existsSync(path.join(root, 'data/other.txt')), existsSync(path.join(root, 'data/new.txt'))]).toEqual([
      false,
      true,
    ]);
  });
});

test('the damage of a file is seen where it is selected', async () => {
  const { folder } = await json<{ folder: string }>(['create', '--compression', 'none']);
  const archive = path.join(folder, 'unified-json.tar');
  const bytes = readFileSync(archive);
  bytes[bytes.indexOf('{}')] = 0x5b;
  writeFileSync(archive, bytes);
  expect((await run(['verify', '--only', 'json,data/one.txt'])).exitCode).toBe(0);
  expect((await run(['verify', '--only', 'unified/u.json'])).exitCode).toBe(4);
  expect((await run(['restore', '--yes', '--only', 'unified'])).exitCode).toBe(4);
});

describe('a term that means nothing, or two things', () => {
  test.each([['verify'], ['show'], ['diff'], ['export'], ['restore', '--yes']])('%s', async (...command) => {
    await json(['create']);
    const typo = await run([...command, '--only', 'json', '--only', 'a/z.json']);
    expect(typo.exitCode).toBe(2);
    expect(typo.stderr).toContain('--only a/z.json matches nothing in migration-');
    const two = await run([...command, '--only', 'legacy'], 'a');
    expect(two.exitCode).toBe(2);
    expect(two.stderr).toContain('--only legacy can mean a/legacy or legacy');
    expect(two.stderr).toMatch(/Begin it with \.\/ for what lies here/);
  });

  test('create', async () => {
    const typo = await run(['create', '--only', 'json', '--only', 'a/z.json']);
    expect(typo.exitCode).toBe(2);
    expect(typo.stderr).toContain('--only a/z.json names no category, no source and nothing else that is backed up');
    expect((await run(['create', '--only', 'legacy'], 'a')).stderr).toContain(
      '--only legacy can mean a/legacy or legacy',
    );
  });

  test.each([
    ['', '--only is empty'],
    ['../elsewhere', '--only ../elsewhere leads out of the project'],
  ])('%j', async (term, says) => {
    const refused = await run(['create', '--only', term]);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain(says);
  });
});
