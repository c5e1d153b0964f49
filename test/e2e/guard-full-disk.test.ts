import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import { eachSampleProject } from '../support/each-sample-project.ts';
import { runCli } from '../support/run-cli.ts';

const project = eachSampleProject();
const OURS = ['backups', '.migbackup', 'out.log'];

/** A disk of this size, with the project on it, until the scope ends. */
function smallDisk(size: string): Disposable & { readonly root: string; readonly problem: string | null } {
  const disk = path.join(project.outside, 'disk');
  mkdirSync(disk);
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', disk], {
    encoding: 'utf8',
  });
  const root = path.join(disk, 'project');
  if (status === 0) cpSync(project.root, root, { recursive: true, preserveTimestamps: true });
  const problem = status === 0 ? null : `nothing can be mounted here: ${stderr ?? 'there is no mount'}`;
  return { root, problem, [Symbol.dispose]: () => void (status === 0 && execFileSync('umount', ['-l', disk])) };
}

const FILL = 'dd if=/dev/zero of=out.log bs=64k 2>/dev/null';

test('a command that fills the disk and fails is taken back: room for that was put by', async (t) => {
  using disk = smallDisk('40m');
  if (disk.problem !== null) t.skip(disk.problem);
  const before = readTree(disk.root, OURS);
  const script = `echo half > package.json; rm -r scripts leveldb; head -c 100000 /dev/urandom > docs/new.bin; ${FILL}; df . >&2; exit 1`;
  const run = await runCli(['guard', '--json', '--', 'sh', '-c', script], { cwd: disk.root });
  // Nothing was left when it ended.
  expect(run.stderr).toMatch(/ 0 +100% /);
  expect(run, run.stdout).toMatchObject({ exitCode: 20 });
  expect(compareTrees(before, readTree(disk.root, OURS))).toEqual([]);
  expect(existsSync(path.join(disk.root, '.migbackup/guard/ballast'))).toBe(false);
});

test('what a killed guard had put by is there for undo', async (t) => {
  using disk = smallDisk('40m');
  if (disk.problem !== null) t.skip(disk.problem);
  const before = readTree(disk.root, OURS);
  const script = `echo half > package.json; ${FILL}; kill -9 $PPID; exit 1`;
  expect(await runCli(['guard', '--', 'sh', '-c', script], { cwd: disk.root })).toMatchObject({ signal: 'SIGKILL' });
  expect(readFileSync(path.join(disk.root, 'package.json'), 'utf8')).toBe('half\n');
  const { bavail } = statfsSync(disk.root);
  expect(bavail).toBe(0);
  const undone = await runCli(['undo', '--yes'], { cwd: disk.root });
  expect(undone, undone.stderr).toMatchObject({ exitCode: 0 });
  expect(compareTrees(before, readTree(disk.root, OURS))).toEqual([]);
});

test('without room to put by the command is not run, unless nothing is to be brought back', async (t) => {
  using disk = smallDisk('40m');
  if (disk.problem !== null) t.skip(disk.problem);
  const big = 'head -c 12000000 /dev/urandom > docs/big.bin; head -c 7000000 /dev/zero > out.log';
  execFileSync('sh', ['-c', big], { cwd: disk.root });
  const run = await runCli(['guard', '--json', '--', 'touch', 'ran'], { cwd: disk.root });
  expect(run, run.stdout).toMatchObject({ exitCode: 5 });
  expect(JSON.parse(run.stdout).error).toMatchObject({
    code: 'NO_SPACE',
    message: expect.stringContaining('the command was not run'),
  });
  expect(existsSync(path.join(disk.root, 'ran'))).toBe(false);
  for (const left of ['ballast', 'running.json'])
    expect(existsSync(path.join(disk.root, '.migbackup/guard', left))).toBe(false);
  execFileSync('sh', ['-c', 'rm -r backups/migration-*'], { cwd: disk.root });
  const kept = await runCli(['guard', '--on-failure', 'keep', '--', 'touch', 'ran'], { cwd: disk.root });
  expect(kept, kept.stderr).toMatchObject({ exitCode: 0 });
});
