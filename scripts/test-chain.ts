/**
 * `npm run test:chain`: `verify --chain` against a real node, Hardhat's. The node and the contracts are installed by this script, in tools/chain, when
 * they are missing or older than their lock file: nobody else needs their 270 MB.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { npm } from './npm.ts';

const root = path.resolve(import.meta.dirname, '..');
const folder = path.join(root, 'tools', 'chain');
const lock = path.join(folder, 'package-lock.json');
const installed = path.join(folder, 'node_modules', '.migbackup-lock');

if (!existsSync(installed) || !readFileSync(installed).equals(readFileSync(lock))) {
  npm(folder, 'ci', '--ignore-scripts');
  copyFileSync(lock, installed);
}
const vitest = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', '--project', 'chain', ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit' },
);
process.exitCode = vitest.status ?? 1;
