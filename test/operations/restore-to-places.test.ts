import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import { put } from '../support/files.ts';
import { runCli } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** A project with one backup, in a repository of its own or where it is told. */
async function makeProject(folder: string) {
  const root = path.join(folder, 'project');
  put(root, 'package.json', '{}');
  put(root, 'deployments/a.json', '{}');
  const { exitCode, stderr } = await runCli(['create'], { cwd: root });
  if (exitCode !== 0) throw new Error(stderr);
  return root;
}

test('restore --to refuses the folder of the backups and .migbackup, of any project, and makes nothing there', async () => {
  using temp = tempFolder();
  const root = await makeProject(temp.path);
  fs.mkdirSync(path.join(temp.path, 'other'));
  fs.symlinkSync(path.join(root, 'backups'), path.join(temp.path, 'link'));
  const [backup = ''] = fs.readdirSync(path.join(root, 'backups')).filter((name) => name.startsWith('migration-'));
  const before = readTree(temp.path, ['project/.migbackup', 'project/backups/lock.db']);
  for (const to of [
    'backups',
    'backups/new',
    'backups/.partial-migration-2026-01-01T00-00-00-000Z',
    `backups/${backup}/copy`,
    '.migbackup',
    '.migbackup/garbage-mine',
    '.migbackup/txn/new',
    '../other/.migbackup/undone-mine',
    '../other/.MigBackup/undone-mine',
    '../link/new',
  ]) {
    const { exitCode, stderr } = await runCli(['restore', '--latest', '--to', to], { cwd: root });
    expect([to, exitCode, stderr]).toEqual([to, 6, expect.stringContaining('(UNSAFE_TARGET)')]);
  }
  expect(compareTrees(before, readTree(temp.path, ['project/.migbackup', 'project/backups/lock.db']))).toEqual([]);
}, 60_000);

test('it takes a folder beside them', async () => {
  using temp = tempFolder();
  const root = await makeProject(temp.path);
  for (const to of ['backups-of-mine', '.migbackup-copy', '../copy']) {
    const { exitCode, stderr } = await runCli(['restore', '--latest', '--to', to], { cwd: root });
    expect([to, exitCode, stderr]).toEqual([to, 0, '']);
    expect(fs.existsSync(path.resolve(root, to, 'deployments/a.json'))).toBe(true);
  }
}, 60_000);
