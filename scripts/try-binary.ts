/** The main job with the single binary and nothing else: create, verify, restore on a made-up project, compared byte by byte. */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { compareTrees, readTree } from '../test/support/compare-trees.ts';
import { makeSampleProject } from '../test/support/sample-project.ts';
import { tempFolder } from '../test/support/temp-folder.ts';

const binary = fileURLToPath(new URL('../release/migbackup-linux-x64', import.meta.url));
const OURS = ['backups', '.migbackup'];

using folder = tempFolder('migbackup-binary-');
const root = path.join(folder.path, 'project');
const home = path.join(folder.path, 'home');
await makeSampleProject(root);
const before = readTree(root, OURS);

function migbackup(...args: string[]): void {
  // No PATH and an empty home: the binary must need nothing from the machine, and unpack its addon by itself.
  const env = { HOME: home, XDG_CACHE_HOME: path.join(home, 'cache'), TMPDIR: folder.path };
  const { status, stdout, stderr } = spawnSync(binary, args, { cwd: root, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}\n${stdout}${stderr}`);
}

migbackup('create');
migbackup('verify', '--latest');
// LOCK stays where it is: the binary must find out by itself that nobody holds the database.
rmSync(path.join(root, 'leveldb/CURRENT'));
rmSync(path.join(root, 'deployments'), { recursive: true });
migbackup('restore', '--latest', '--yes');
const differences = compareTrees(before, readTree(root, OURS));
if (differences.length > 0) throw new Error(`restored by the binary, but different:\n${differences.join('\n')}`);
console.log(`binary: ${before.size} paths created, verified, destroyed, restored and equal`);
