import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { eachSampleProject } from '../support/each-sample-project.ts';
import { runCli } from '../support/run-cli.ts';

const project = eachSampleProject();
const inside = (name: string): string => path.join(project.root, name);

async function expectRefused(what: string, env: Record<string, string> = {}): Promise<void> {
  const run = await runCli(['guard', '--json', '--', 'sh', '-c', 'touch ran; exit 1'], { cwd: project.root, env });
  expect(run, run.stdout).toMatchObject({ exitCode: 6 });
  const { error } = JSON.parse(run.stdout);
  expect(error).toMatchObject({ code: 'UNSAFE_TARGET', message: expect.stringContaining(what) });
  expect(error.message).toContain('the command was not run');
  expect(existsSync(inside('ran'))).toBe(false);
  expect(existsSync(inside('.migbackup/guard/running.json'))).toBe(false);
  // Who wants no way back gets none.
  const kept = ['guard', '--on-failure', 'keep', '--', 'sh', '-c', 'touch ran; exit 1'];
  expect(await runCli(kept, { cwd: project.root, env })).toMatchObject({ exitCode: 21 });
  expect(existsSync(inside('ran'))).toBe(true);
}

/** Mounts until the scope ends, or says why it cannot. */
function mounted(...args: string[]): Disposable & { readonly problem: string | null } {
  const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' });
  const problem = status === 0 ? null : `nothing can be mounted here: ${stderr ?? 'there is no mount'}`;
  return { problem, [Symbol.dispose]: () => void (status === 0 && execFileSync('umount', ['-l', args.at(-1) ?? ''])) };
}

const oneFileSystem = async () => {
  const { checks } = JSON.parse((await runCli(['validate', '--json'], { cwd: project.root })).stdout);
  return checks.find(({ id }: { id: string }) => id === 'one-file-system');
};

test('a database on a bind mount, as a volume of a container is', async (t) => {
  const behind = path.join(project.outside, 'behind');
  renameSync(inside('leveldb'), behind);
  mkdirSync(inside('leveldb'));
  using bind = mounted('--bind', behind, inside('leveldb'));
  if (bind.problem !== null) t.skip(bind.problem);
  expect(await oneFileSystem()).toMatchObject({ status: 'critical', paths: ['leveldb'] });
  await expectRefused('leveldb is a mount point');
});

test('a folder of a source on a tmpfs', async (t) => {
  const saved = path.join(project.outside, 'saved');
  cpSync(inside('deployments/mainnet'), saved, { recursive: true });
  using tmpfs = mounted('-t', 'tmpfs', 'tmpfs', inside('deployments/mainnet'));
  if (tmpfs.problem !== null) t.skip(tmpfs.problem);
  cpSync(saved, inside('deployments/mainnet'), { recursive: true });
  expect(await oneFileSystem()).toMatchObject({ status: 'critical', paths: ['deployments/mainnet'] });
  await expectRefused('deployments/mainnet is a mount point');
});

test('a single file that is a bind mount', async (t) => {
  writeFileSync(path.join(project.outside, 'behind'), '{}');
  using bind = mounted('--bind', path.join(project.outside, 'behind'), inside('package.json'));
  if (bind.problem !== null) t.skip(bind.problem);
  expect(await oneFileSystem()).toMatchObject({ status: 'critical', paths: ['package.json'] });
  await expectRefused('package.json is a mount point');
});

test('a mount in no category bars nothing', async (t) => {
  mkdirSync(inside('node_modules'));
  using tmpfs = mounted('-t', 'tmpfs', 'tmpfs', inside('node_modules'));
  if (tmpfs.problem !== null) t.skip(tmpfs.problem);
  expect(await oneFileSystem()).toMatchObject({ status: 'ok' });
  const run = await runCli(['guard', '--', 'sh', '-c', 'rm package.json; exit 1'], { cwd: project.root });
  expect(run).toMatchObject({ exitCode: 20 });
  expect(existsSync(inside('package.json'))).toBe(true);
});

test.skipIf(process.platform === 'win32')('a LOCK that is none', async () => {
  rmSync(inside('leveldb/LOCK'));
  execFileSync('mkfifo', [inside('leveldb/LOCK')]);
  await expectRefused('it cannot be told whether leveldb is in use: LOCK is not a regular file');
});
