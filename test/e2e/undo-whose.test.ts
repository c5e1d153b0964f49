import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { put } from '../support/files.ts';
import { runCli, type CliResult } from '../support/run-cli.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

let temp: TempFolder;
let shared: string;
beforeEach(() => {
  temp = tempFolder();
  shared = path.join(temp.path, 'shared');
});
afterEach(() => temp[Symbol.dispose]());

const FILE = 'deployments/a.json';

/** A small project; with an id of its own where there is one. */
function makeProject(name: string, state: string, id?: string): string {
  const root = path.join(temp.path, name);
  put(root, 'package.json', '{"name":"contracts"}');
  put(root, FILE, state);
  if (id !== undefined) put(root, 'migbackup.config.json', JSON.stringify({ preset: 'default', project: id }));
  return root;
}

const read = (root: string): string => readFileSync(path.join(root, FILE), 'utf8');
const write = (root: string, state: string): void => writeFileSync(path.join(root, FILE), state);

function run(cwd: string, repository: string | null, ...args: string[]): Promise<CliResult> {
  return runCli(args, { cwd, ...(repository !== null && { env: { MIGBACKUP_BACKUPS: repository } }) });
}

async function succeed(cwd: string, repository: string | null, ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run(cwd, repository, ...args);
  expect(exitCode, stdout + stderr).toBe(0);
  return stdout;
}

/** Takes a backup of `before`, and brings it back over `after`: undo would bring `after`. */
async function restoreOver(root: string, repository: string | null, after: string): Promise<void> {
  await succeed(root, repository, 'create');
  write(root, after);
  await succeed(root, repository, 'restore', '--latest', '--yes');
}

test.each([
  ['that was moved away', (from: string) => renameSync(from, `${from}.alpha`)],
  ['whose folder is used again', (from: string) => rmSync(path.join(from, 'deployments'), { recursive: true })],
])('undo takes back nothing of another project at the same path: of one %s', async (_, leave) => {
  const root = makeProject('ws', 'alpha', 'alpha-000000000001');
  await restoreOver(root, shared, 'state of alpha');
  leave(root);
  makeProject('ws', 'beta', 'beta-000000000002');
  await succeed(root, shared, 'create');

  expect(await succeed(root, shared, 'status')).toContain('there is nothing to undo');
  const refused = await run(root, shared, 'undo', '--yes');
  expect(refused.exitCode, refused.stderr).toBe(10);
  expect(read(root)).toBe('beta');
  // And prune keeps what the other one's undo needs.
  expect((await run(root, shared, 'prune', '--keep-last', '1', '--keep-safety', '0', '--yes')).exitCode).toBe(0);
  if (!existsSync(`${root}.alpha`)) return;
  await succeed(`${root}.alpha`, shared, 'undo', '--yes');
  expect(read(`${root}.alpha`)).toBe('state of alpha');
});

test('a new checkout of the same project at the same path does not take back what another one did', async () => {
  const root = makeProject('app', 'one', 'replica-000000000001');
  await restoreOver(root, shared, 'two');
  renameSync(root, `${root}.old`);
  makeProject('app', 'fresh', 'replica-000000000001');
  const refused = await run(root, shared, 'undo', '--yes');
  expect(refused.exitCode, refused.stderr).toBe(10);
  expect(read(root)).toBe('fresh');
});

test.each([
  ['its own repository', null],
  ['a shared one', 'shared'],
])('a project that was moved knows what was done in it, with %s', async (_, name) => {
  const repository = name === null ? null : shared;
  const root = makeProject('here', 'one');
  await restoreOver(root, repository, 'two');
  const there = path.join(temp.path, 'there');
  renameSync(root, there);
  expect(await succeed(there, repository, 'status')).toContain('undo takes back the restore');
  await succeed(there, repository, 'undo', '--yes');
  expect(read(there)).toBe('two');
});

test('a project seen at two paths has one history', async (t) => {
  const root = makeProject('host', 'one');
  await restoreOver(root, null, 'two');
  const app = path.join(temp.path, 'app');
  mkdirSync(app);
  if (spawnSync('mount', ['--bind', root, app]).status !== 0) t.skip('nothing can be mounted here');
  try {
    write(app, 'three');
    await succeed(app, null, 'guard', '--', process.execPath, '-e', `fs.writeFileSync('${FILE}', 'four')`);
    expect(read(root)).toBe('four');
    expect(await succeed(root, null, 'status')).toContain('undo takes back the guard');
    await succeed(root, null, 'undo', '--yes');
    expect(read(root)).toBe('three');
  } finally {
    expect(spawnSync('umount', [app]).status).toBe(0);
  }
});

test('a copy of a project takes back nothing that the original does later', async () => {
  const root = makeProject('original', 'one');
  const outside = shared;
  await restoreOver(root, outside, 'two');
  const copy = path.join(temp.path, 'copy');
  cpSync(root, copy, { recursive: true });
  write(root, 'three');
  await succeed(root, outside, 'restore', '--latest', '--yes');
  const refused = await run(copy, outside, 'undo', '--yes');
  expect(refused.exitCode, refused.stderr).toBe(10);
  await succeed(root, outside, 'undo', '--yes');
  expect([read(root), read(copy)]).toEqual(['three', 'one']);
});

test('what was done is known also where .migbackup was cleaned away', async () => {
  const root = makeProject('cleaned', 'one');
  await restoreOver(root, shared, 'two');
  rmSync(path.join(root, '.migbackup'), { recursive: true });
  await succeed(root, shared, 'create');
  await succeed(root, shared, 'undo', '--yes');
  expect(read(root)).toBe('two');
});

/** The log as it was written before a line said whose it is. */
function makeOld(repository: string): void {
  const file = path.join(repository, 'reports/operations.ndjson');
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  writeFileSync(file, '');
  for (const line of lines) {
    const { checkout, place, project, ...old }: Record<string, unknown> = JSON.parse(line);
    if (line === lines.at(-1))
      expect([typeof checkout, typeof place, typeof project]).toEqual(['string', 'string', 'object']);
    appendFileSync(file, `${JSON.stringify(old)}\n`);
  }
}

test('a line of the log that does not say whose it is goes by the path, and its safety backup says the rest', async () => {
  const root = makeProject('ws', 'alpha', 'alpha-000000000001');
  await restoreOver(root, shared, 'state of alpha');
  makeOld(shared);
  await succeed(root, shared, 'undo', '--yes');
  expect(read(root)).toBe('state of alpha');
  makeOld(shared);
  rmSync(root, { recursive: true });
  makeProject('ws', 'beta', 'beta-000000000002');
  const refused = await run(root, shared, 'undo', '--yes');
  expect(refused.exitCode).toBe(10);
  expect(refused.stderr).toContain('is a backup of another project: contracts');
  expect(refused.stderr).toContain('--accept-project');
  expect(read(root)).toBe('beta');
});
