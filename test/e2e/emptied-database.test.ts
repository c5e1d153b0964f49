import fs from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import { runCli } from '../support/run-cli.ts';
import { makeSampleProject } from '../support/sample-project.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/** The folder of a database whose files are gone, but not the folder itself (`rm -rf leveldb/*`). */

let temp: TempFolder;
let root: string;
beforeEach(async () => {
  temp = tempFolder();
  root = path.join(temp.path, 'project');
  await makeSampleProject(root, { entries: 20 });
  return () => temp[Symbol.dispose]();
});

const OURS = ['backups', '.migbackup'];
const empty = (): void => {
  for (const name of fs.readdirSync(path.join(root, 'leveldb'))) fs.rmSync(path.join(root, 'leveldb', name));
};
const run = (...args: string[]) => runCli(args, { cwd: root });

test('it is restored, and what the restore replaced comes back by undo', async () => {
  expect(await run('create')).toMatchObject({ exitCode: 0 });
  const before = readTree(root, OURS);
  empty();
  const emptied = readTree(root, OURS);
  expect(await run('restore', '--latest', '--yes')).toMatchObject({ exitCode: 0 });
  expect(compareTrees(before, readTree(root, OURS))).toEqual([]);
  expect(await run('undo', '--yes')).toMatchObject({ exitCode: 0 });
  expect(compareTrees(emptied, readTree(root, OURS))).toEqual([]);
});

test('a guarded command that empties it and fails is taken back', async () => {
  const before = readTree(root, OURS);
  expect(await run('guard', '--', 'sh', '-c', 'rm -rf leveldb/*; exit 1')).toMatchObject({ exitCode: 20 });
  expect(compareTrees(before, readTree(root, OURS))).toEqual([]);
});

test.each([
  ['a file', 'echo 1 > leveldb'],
  ['an empty file', ': > leveldb'],
  ['a link', 'ln -s docs leveldb'],
  ['a pipe', 'mkfifo leveldb'],
])('a guarded command that leaves %s in its place and fails is taken back', async (_what, script) => {
  const before = readTree(root, OURS);
  const guarded = await run('guard', '--', 'sh', '-c', `rm -r leveldb; ${script}; exit 1`);
  expect(guarded, guarded.stderr).toMatchObject({ exitCode: 20 });
  expect(compareTrees(before, readTree(root, OURS))).toEqual([]);
});

test('LOCK and LOG alone are no state, and a note beside them is stored, said to be no proven database', async () => {
  empty();
  for (const name of ['LOCK', 'LOG']) fs.writeFileSync(path.join(root, 'leveldb', name), '');
  expect(await run('create')).toMatchObject({ exitCode: 0 });
  fs.writeFileSync(path.join(root, 'leveldb/note.txt'), 'why it is empty');
  const created = await run('create', '--json');
  expect(created).toMatchObject({ exitCode: 0 });
  expect(created.stdout).toContain('"database-not-proven"');
  expect(await run('verify', '--latest')).toMatchObject({ exitCode: 0 });
});
