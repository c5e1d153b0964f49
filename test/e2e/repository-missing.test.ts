import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { put } from '../support/files.ts';
import { runCli, type CliResult } from '../support/run-cli.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/* A backups folder that is not there, most likely since its path is mistyped: no command says that it holds no backups, and none makes it. */

let temp: TempFolder;
let root: string;
let missing: string;
let file: string;
beforeEach(() => {
  temp = tempFolder();
  root = path.join(temp.path, 'project');
  missing = path.join(temp.path, 'bakups');
  file = path.join(temp.path, 'file');
  put(root, 'package.json', '{}');
  writeFileSync(file, 'mine');
});
afterEach(() => {
  expect(existsSync(missing)).toBe(false);
  temp[Symbol.dispose]();
});

const run = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: root });
const flat = (text: string): string => text.replaceAll(/\s+/g, ' ');

describe.each([
  ['--backups', (folder: string) => ({ args: ['--backups', folder], env: {} })],
  ['MIGBACKUP_BACKUPS', (folder: string) => ({ args: [], env: { MIGBACKUP_BACKUPS: folder } })],
])('with %s', (_name, given) => {
  const at = (folder: string, ...command: string[]): Promise<CliResult> => {
    const { args, env } = given(folder);
    return runCli([...command, ...args], { cwd: root, env });
  };

  test.each([['list'], ['status']])('%s says that it does not exist, and where to look', async (command) => {
    const { exitCode, stdout } = await at(missing, command);
    expect(exitCode).toBe(0);
    expect(flat(stdout)).toContain(`${missing} does not exist`);
    expect(flat(stdout)).toContain('check --backups, MIGBACKUP_BACKUPS and whether its disk is mounted');
    expect(stdout).not.toMatch(/no backups? |0 backups/);
  });

  test.each([['list'], ['status']])('%s says that it is a file', async (command) => {
    const { exitCode, stdout } = await at(file, command);
    expect(exitCode).toBe(0);
    expect(flat(stdout)).toContain(`${file} is not a folder`);
    expect(stdout).not.toMatch(/no backups? |0 backups|migbackup create/);
  });

  test.each([
    ['verify', '--all'],
    ['prune', '--keep-last', '1'],
    ['prune', '--keep-last', '1', '--dry-run'],
    ['verify'],
    ['undo'],
    ['undo', '--dry-run'],
  ])('%s %s ends with 10', async (...command) => {
    const none = await at(missing, ...command);
    expect(none.exitCode).toBe(10);
    expect(none.stderr).toContain(`there is no backup in ${missing}, which does not exist`);
    expect(none.stderr).toContain('check --backups, MIGBACKUP_BACKUPS and whether its disk is mounted');
    const other = await at(file, ...command);
    expect(other.exitCode).toBe(10);
    expect(other.stderr).toContain(`there is no backup in ${file}, which is not a folder`);
    expect(other.stderr).toContain('Move that file away');
  });
});

test('in JSON it is a finding of list and a problem of status', async () => {
  const json = async (...args: string[]) => JSON.parse((await run(...args, '--json')).stdout);
  const finding = (severity: string, folder: string) => ({ code: 'repository-missing', severity, path: folder });
  expect(await json('list', '--backups', missing)).toMatchObject({ findings: [finding('warning', missing)] });
  expect(await json('list', '--backups', file)).toMatchObject({ findings: [finding('error', file)] });
  expect(await json('status', '--backups', missing)).toMatchObject({
    repositoryProblem: expect.stringMatching(/^it does not exist\. If it should hold/),
  });
  expect(await json('status', '--backups', file)).toMatchObject({
    repositoryProblem: expect.stringMatching(/^it is not a folder\. Move/),
  });
  expect((await run('create')).exitCode).toBe(0);
  expect(await json('list')).toMatchObject({ findings: [] });
  expect(await json('status')).toMatchObject({ repositoryProblem: null });
});

test('a folder that is there and empty holds no backup, and prune has nothing to remove', async () => {
  const empty = path.join(temp.path, 'empty');
  put(empty, 'note', 'x');
  expect((await run('list', '--backups', empty)).stdout).toContain('no backups in');
  expect((await run('status', '--backups', empty)).stdout).toContain('0 backups');
  expect((await run('prune', '--keep-last', '1', '--backups', empty)).stdout).toContain('nothing to remove');
});
