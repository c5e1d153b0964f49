import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { gitFacts } from '../../src/core/scan/git-facts.ts';
import { put } from '../support/files.ts';
import { tempFolder } from '../support/temp-folder.ts';

const NAMED = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'init.defaultBranch=main'];

function git(cwd: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('git', [...NAMED, ...args], { cwd, encoding: 'utf8' });
  expect({ args, status, stderr: status === 0 ? '' : stderr }).toEqual({ args, status: 0, stderr: '' });
  return stdout.trim();
}

const hasGit = spawnSync('git', ['--version']).status === 0;

test.skipIf(!hasGit)('a repository, a folder inside it, another work tree of it, and none (with git)', async () => {
  using folder = tempFolder();
  const repository = path.join(folder.path, 'repository');
  put(repository, 'inner/a.txt', 'a');
  expect(await gitFacts(repository)).toBeUndefined();
  git(repository, 'init', '-q');
  git(repository, 'add', '.');
  git(repository, 'commit', '-q', '-m', 'first');
  const commit = git(repository, 'rev-parse', 'HEAD');
  expect(await gitFacts(repository)).toEqual({ commit, branch: 'main', dirty: false });
  put(repository, 'inner/a.txt', 'b');
  expect(await gitFacts(path.join(repository, 'inner'))).toEqual({ commit, branch: 'main', dirty: true });
  const tree = path.join(folder.path, 'tree');
  git(repository, 'worktree', 'add', '-q', '--detach', tree);
  expect(fs.lstatSync(path.join(tree, '.git')).isFile()).toBe(true);
  expect(await gitFacts(tree)).toEqual({ commit, dirty: false });
});

test('a folder that cannot be looked at is in no repository, and nothing is thrown: nobody awaits the answer at once', async () => {
  using folder = tempFolder();
  expect(await gitFacts(path.join(folder.path, 'gone'))).toBeUndefined();
});
