import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { resolveProject } from '../../src/core/config/project.ts';
import { put } from '../support/files.ts';
import { tempFolder } from '../support/temp-folder.ts';

describe('the root', () => {
  test.each([['migbackup.config.json'], ['package.json'], ['foundry.toml'], ['hardhat.config.cts']])(
    'is the nearest folder with %s',
    (mark) => {
      using folder = tempFolder();
      put(folder.path, `outer/${mark}`, '{}');
      put(folder.path, 'outer/inner/deep/');
      expect(resolveProject({ cwd: `${folder.path}/outer/inner/deep`, env: {} }).root).toBe(`${folder.path}/outer`);
    },
  );

  test('in a workspace it is the workspace, not the repository', () => {
    using folder = tempFolder();
    put(folder.path, 'package.json', '{"workspaces": ["packages/*"]}');
    put(folder.path, 'packages/a/package.json', '{}');
    put(folder.path, 'packages/a/contracts/');
    const cwd = `${folder.path}/packages/a/contracts`;
    expect(resolveProject({ cwd, env: {} }).root).toBe(`${folder.path}/packages/a`);
  });

  test('is never above a folder with .git: then it is the current folder', () => {
    using folder = tempFolder();
    put(folder.path, 'package.json', '{}');
    put(folder.path, 'repository/.git/HEAD');
    put(folder.path, 'repository/src/');
    const cwd = `${folder.path}/repository/src`;
    expect(resolveProject({ cwd, env: {} }).root).toBe(cwd);
  });

  test('a folder with .git and a mark is the root', () => {
    using folder = tempFolder();
    put(folder.path, '.git/HEAD');
    put(folder.path, 'package.json', '{}');
    put(folder.path, 'a/b/');
    expect(resolveProject({ cwd: `${folder.path}/a/b`, env: {} }).root).toBe(folder.path);
  });

  test('--root wins and is made real; one that does not exist is wrong usage', () => {
    using folder = tempFolder();
    put(folder.path, 'real/package.json', '{}');
    symlinkSync('real', path.join(folder.path, 'link'));
    expect(resolveProject({ cwd: folder.path, root: 'link', env: {} }).root).toBe(`${folder.path}/real`);
    expect(() => resolveProject({ cwd: folder.path, root: 'none', env: {} })).toThrow(
      expect.objectContaining({ code: 'USAGE' }),
    );
  });
});

describe('the repository', () => {
  test('--backups, then MIGBACKUP_BACKUPS, then the config, then backups', () => {
    using folder = tempFolder();
    put(folder.path, 'package.json', '{}');
    put(folder.path, 'sub/');
    const cwd = `${folder.path}/sub`;
    expect(resolveProject({ cwd, env: {} }).repository).toBe(`${folder.path}/backups`);
    put(folder.path, 'migbackup.config.json', '{"backups": "from-config"}');
    expect(resolveProject({ cwd, env: {} }).repository).toBe(`${folder.path}/from-config`);
    const env = { MIGBACKUP_BACKUPS: 'from-env' };
    expect(resolveProject({ cwd, env }).repository).toBe(`${cwd}/from-env`);
    expect(resolveProject({ cwd, env, backups: '../given' }).repository).toBe(`${folder.path}/given`);
  });

  test.each([
    ['the project itself', { backups: '.' }, {}],
    ['the state folder', { backups: '.migbackup/b' }, {}],
    ['a folder that holds a source', { backups: 'var' }, { c: { sources: { s: { path: 'var/data' } } } }],
    ['a LevelDB database', { backups: 'db/b' }, { c: { sources: { s: { path: 'db', type: 'leveldb' } } } }],
  ])('may not be %s', (_, settings, categories) => {
    using folder = tempFolder();
    put(folder.path, 'migbackup.config.json', JSON.stringify({ ...settings, categories }));
    expect(() => resolveProject({ cwd: folder.path, env: {} })).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^CONFIG_/) }),
    );
  });

  test('may lie inside a wider source: the scan leaves it out', () => {
    using folder = tempFolder();
    put(
      folder.path,
      'migbackup.config.json',
      '{"backups": "data/b", "categories": {"c": {"sources": {"s": {"path": "data"}}}}}',
    );
    expect(resolveProject({ cwd: folder.path, env: {} }).repository).toBe(`${folder.path}/data/b`);
  });
});
