import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import { tempFolder } from '../support/temp-folder.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

/** Root may do everything, so as root this runs as somebody else; any other user runs it as it is. */
function run(root: string, ...args: string[]): void {
  const user = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  const env = { PATH: process.env['PATH'] ?? '', HOME: root };
  const result = spawnSync(process.execPath, [MAIN, ...args], { cwd: root, encoding: 'utf8', env, ...user });
  expect(result.status, `${args.join(' ')}: ${result.stderr}`).toBe(0);
}

test('read-only folders are moved by whoever owns them, and are read-only again, old or new', () => {
  using temp = tempFolder();
  const root = path.join(temp.path, 'project');
  const store = path.join(root, 'deployments/frozen');
  const ours = ['backups', '.migbackup'];
  const config = { categories: { all: { sources: { frozen: { path: 'deployments/frozen', exclusive: true } } } } };
  mkdirSync(path.join(store, 'deep'), { recursive: true });
  writeFileSync(path.join(root, 'migbackup.config.json'), JSON.stringify(config));
  writeFileSync(path.join(store, 'a.json'), '{}');
  writeFileSync(path.join(store, 'deep/b.json'), '{}');
  chmodSync(path.join(store, 'deep'), 0o555);
  chmodSync(store, 0o555);
  chmodSync(temp.path, 0o755);
  if (isRoot) execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, root]);
  const before = readTree(root, ours);
  run(root, 'create');

  // Something else stands there, read-only too.
  chmodSync(store, 0o755);
  writeFileSync(path.join(store, 'a.json'), '{"changed": true}');
  chmodSync(store, 0o555);
  const changed = readTree(root, ours);
  run(root, 'restore', '--yes');
  expect(compareTrees(before, readTree(root, ours))).toEqual([]);
  run(root, 'undo', '--yes');
  expect(compareTrees(changed, readTree(root, ours))).toEqual([]);

  // Nothing stands there.
  chmodSync(store, 0o755);
  chmodSync(path.join(store, 'deep'), 0o755);
  rmSync(store, { recursive: true });
  run(root, 'restore', '--yes');
  expect(compareTrees(before, readTree(root, ours))).toEqual([]);
  chmodSync(store, 0o755);
  chmodSync(path.join(store, 'deep'), 0o755);
});
