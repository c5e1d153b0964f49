import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import { put } from '../support/files.ts';
import { checkoutBin, runCli } from '../support/run-cli.ts';
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

test.skipIf(process.platform === 'win32')(
  'what a restore --to that was killed left goes with the next one into that folder, and it is said',
  async () => {
    using temp = tempFolder();
    const root = await makeProject(temp.path);
    fs.writeFileSync(path.join(root, 'deployments/big.bin'), randomBytes(32 << 20));
    expect((await runCli(['create'], { cwd: root })).exitCode).toBe(0);
    const to = path.join(temp.path, 'out');
    const left = (): string[] => fs.readdirSync(temp.path).filter((name) => name.startsWith('.out.migbackup-'));
    const killed = spawn(process.execPath, [checkoutBin, 'restore', '--latest', '--to', to], {
      cwd: root,
      stdio: 'ignore',
    });
    const ended = once(killed, 'exit');
    while (left().length === 0 && killed.exitCode === null) await sleep(1);
    killed.kill('SIGKILL');
    await ended;
    const [name = ''] = left();
    expect([name, fs.existsSync(to)]).toEqual([expect.stringContaining(`-${killed.pid}-`), false]);
    // Those of one that lives, and of another folder's, stay.
    const others = [`.out.migbackup-${process.pid}-01234567`, '.out2.migbackup-999999999-01234567', '.out.migbackup-x'];
    for (const other of others) fs.mkdirSync(path.join(temp.path, other));
    const again = await runCli(['restore', '--latest', '--to', to], { cwd: root });
    expect(again).toMatchObject({ exitCode: 0, stderr: expect.stringContaining(`removed ${name}, left by`) });
    const now = fs.readdirSync(temp.path).filter((each) => each.startsWith('.out'));
    expect(now.toSorted()).toEqual(others.toSorted());
  },
  60_000,
);
