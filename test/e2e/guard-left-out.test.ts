import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { eachSampleProject } from '../support/each-sample-project.ts';
import { put } from '../support/files.ts';
import { runCli } from '../support/run-cli.ts';

const project = eachSampleProject();
const guardedShell = (line: string, ...flags: string[]) =>
  runCli(['guard', ...flags, '--', 'sh', '-c', line], { cwd: project.root });

/** Files of folders that a category covers, which no backup takes all the same. */
const SECRETS = ['deployments/UTC--2024--abc', 'deployments/deployer.key', 'scripts/.env'];

beforeEach(() => {
  for (const secret of SECRETS) put(project.root, secret, 'KEY=0xabc');
  put(project.root, 'scripts/.env.example', 'KEY=');
});

test.skipIf(process.platform === 'win32')(
  'what a source covers and no backup takes is named where the command changed it: a secret, a pipe',
  async () => {
    execFileSync('mkfifo', [path.join(project.root, 'scripts/gone'), path.join(project.root, 'scripts/stays')]);
    const script =
      'rm scripts/gone deployments/deployer.key deployments/UTC*; : > scripts/.env; echo > scripts/.env.example; mkfifo scripts/made; exit 1';
    const run = await guardedShell(script, '--json');
    expect(run).toMatchObject({ exitCode: 20 });
    expect(JSON.parse(run.stdout)).toMatchObject({
      outcome: 'rolled-back',
      outside: [...SECRETS, 'scripts/gone', 'scripts/made'],
    });
    // What is said to be in no backup is in none, and what is not said is as before.
    expect(readFileSync(path.join(project.root, 'scripts/.env'), 'utf8')).toBe('');
    expect(existsSync(path.join(project.root, 'deployments/deployer.key'))).toBe(false);
    expect(readFileSync(path.join(project.root, 'scripts/.env.example'), 'utf8')).toBe('KEY=');
  },
);

test('the text says that they are as the command left them', async () => {
  const run = await guardedShell('rm scripts/.env; exit 1');
  expect(run.stderr).toContain('1 path is not in the backup and stays as the command left it: scripts/.env\n');
});

test('with "includeSecrets" they are in the backup, and come back', async () => {
  writeFileSync(
    path.join(project.root, 'migbackup.config.json'),
    JSON.stringify({ preset: 'default', includeSecrets: true }),
  );
  const run = await guardedShell('rm scripts/.env; exit 1', '--json');
  expect(run).toMatchObject({ exitCode: 20 });
  expect(JSON.parse(run.stdout)).toMatchObject({ outside: [] });
  expect(existsSync(path.join(project.root, 'scripts/.env'))).toBe(true);
});

test.skipIf(process.platform !== 'linux')('a name that is not UTF-8 is named where the command makes it', async () => {
  const run = await guardedShell(String.raw`printf x > "$(printf 'scripts/n\377')"; exit 1`, '--json');
  expect(run).toMatchObject({ exitCode: 20 });
  expect(JSON.parse(run.stdout)).toMatchObject({ outside: [String.raw`scripts/n\xff`] });
});

test.skipIf(process.platform !== 'linux')(
  'a socket that the command leaves is named, and the text counts it',
  async () => {
    const listen = `require('net').createServer().listen('scripts/sock', () => process.kill(process.pid, 'SIGKILL'))`;
    const run = await guardedShell(`'${process.execPath}' -e "${listen}"; exit 1`);
    expect(run).toMatchObject({ exitCode: 20 });
    expect(run.stderr).toContain('It changed nothing that the backup covers.\n');
    expect(run.stderr).toContain('1 path is not in the backup and stays as the command left it: scripts/sock\n');
  },
);

test.skipIf(process.platform === 'win32')(
  'what stands in the place of something that comes back is not called as the command left it',
  async () => {
    const replace = 'rm scripts/.env.example; mkfifo scripts/.env.example scripts/made';
    const failed = await guardedShell(`${replace}; exit 1`, '--json');
    expect(failed).toMatchObject({ exitCode: 20 });
    expect(lstatSync(path.join(project.root, 'scripts/.env.example')).isFile()).toBe(true);
    expect(JSON.parse(failed.stdout)).toMatchObject({ outside: ['scripts/made'] });
    // Where it stays, the backup holds what stood there.
    const stays = await guardedShell('rm scripts/.env.example; mkfifo scripts/.env.example', '--json');
    expect(JSON.parse(stays.stdout)).toMatchObject({ outcome: 'succeeded', outside: [] });
  },
);
