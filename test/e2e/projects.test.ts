import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { put } from '../support/files.ts';
import { cliCommand, runCli, type CliResult } from '../support/run-cli.ts';
import { schemaViolations } from '../support/schemas.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

let temp: TempFolder;
let repository: string;
beforeEach(() => {
  temp = tempFolder();
  repository = path.join(temp.path, 'shared');
});
afterEach(() => temp[Symbol.dispose]());

/** A small project whose only state says whose it is. */
function makeProject(name: string, config?: object): string {
  const root = path.join(temp.path, name);
  put(root, 'package.json', `{"name":"${name}"}`);
  put(root, 'deployments/a.json', `{"of":"${name}"}`);
  if (config !== undefined) put(root, 'migbackup.config.json', JSON.stringify(config));
  return root;
}

function run(cwd: string, ...args: string[]): Promise<CliResult> {
  return runCli(args, { cwd, env: { MIGBACKUP_BACKUPS: repository } });
}

async function take(cwd: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await run(cwd, 'create', '--json', ...args);
  expect(stderr).toBe('');
  const { backupId }: { backupId: string } = JSON.parse(stdout);
  return backupId;
}

async function listed(cwd: string, ...args: string[]): Promise<string[]> {
  const { backups }: { backups: { backupId: string }[] } = JSON.parse(
    (await run(cwd, 'list', '--json', ...args)).stdout,
  );
  return backups.map(({ backupId }) => backupId);
}

const state = (root: string): string => readFileSync(path.join(root, 'deployments/a.json'), 'utf8');
const migrations = (): string[] => readdirSync(repository).filter((name) => name.startsWith('migration-'));
const CATEGORIES = { state: { sources: { files: { path: 'deployments' } } } };

test('two projects in one repository: none lists, restores or prunes what is the other one’s', async () => {
  const [a, b] = [makeProject('a'), makeProject('b')];
  const first = await take(a);
  const [second, third] = [await take(b), await take(b)];

  expect((await run(b, 'prune', '--keep-last', '1', '--yes')).exitCode).toBe(0);
  expect(migrations().toSorted()).toEqual([first, third]);
  expect(second).not.toBe(third);

  writeFileSync(path.join(a, 'deployments/a.json'), 'lost');
  expect((await run(a, 'restore', '--latest', '--yes')).exitCode).toBe(0);
  expect(state(a)).toBe('{"of":"a"}');

  expect(await listed(b)).toEqual([third]);
  expect(await listed(b, '--all-projects')).toContain(first);
  const text = (await run(b, 'list')).stdout;
  expect(text).toMatch(/more belongs? to other projects: migbackup/);
  expect((await run(b, 'list', '--all-projects')).stdout).toContain(`of another project: a, ${a}`);

  // Named, it is shown; over this project it goes only where that is said.
  expect((await run(b, 'show', first)).exitCode).toBe(0);
  for (const more of [['--yes'], ['--dry-run']]) {
    const refused = await run(b, 'restore', first, ...more);
    expect(refused.exitCode).toBe(6);
    expect(refused.stderr).toContain(`${first} is a backup of another project: a, ${a}`);
    expect(refused.stderr).toContain('--accept-project');
  }
  expect(state(b)).toBe('{"of":"b"}');
  expect((await run(b, 'restore', first, '--yes', '--accept-project')).exitCode).toBe(0);
  expect(state(b)).toBe('{"of":"a"}');
  expect((await run(b, 'undo', '--yes')).exitCode).toBe(0);
  expect(state(b)).toBe('{"of":"b"}');
});

test('a project without a backup of its own is told of those of others, and takes none of them', async () => {
  const [a, b] = [makeProject('a'), makeProject('b')];
  await take(a);
  const refused = await run(b, 'restore', '--latest', '--yes');
  expect(refused.exitCode).toBe(10);
  expect(refused.stderr).toContain(`there is no backup of this project in ${repository}`);
  expect(refused.stderr).toContain('--all-projects');
  expect(state(b)).toBe('{"of":"b"}');
});

test('a guard of another checkout of the same project keeps the backup that it stands on', async () => {
  const config = { project: 'contracts', categories: CATEGORIES };
  const [a, b] = [makeProject('a', config), makeProject('b', config)];
  const [program, ...leading] = cliCommand();
  const command = `
    const run = (...args) => require('node:child_process').execFileSync(${JSON.stringify(program)},
      [...${JSON.stringify(leading)}, ...args], { cwd: ${JSON.stringify(b)} });
    run('create');
    run('prune', '--keep-last', '1', '--yes');
    require('node:fs').writeFileSync('deployments/a.json', 'half done');
    process.exit(1);`;
  await take(a);
  const guarded = await run(a, 'guard', '--json', '--', process.execPath, '-e', command);
  expect(guarded.exitCode, guarded.stdout + guarded.stderr).toBe(20);
  expect(state(a)).toBe('{"of":"a"}');
  const { backupId }: { backupId: string } = JSON.parse(guarded.stdout);
  // It was pruned all the same: the first one is gone.
  expect(migrations()).toHaveLength(2);
  expect(migrations()).toContain(backupId);
});

test('a guard keeps its backup also where the folder that it runs in cannot be seen by who prunes', async () => {
  const config = { project: 'contracts', categories: CATEGORIES };
  const [a, b] = [makeProject('a', config), makeProject('b', config)];
  const [program, ...leading] = cliCommand();
  // As in another container: what stands in the first checkout is out of sight meanwhile.
  const command = `
    const fs = require('node:fs');
    const run = (...args) => require('node:child_process').execFileSync(${JSON.stringify(program)},
      [...${JSON.stringify(leading)}, ...args], { cwd: ${JSON.stringify(b)}, encoding: 'utf8' });
    fs.renameSync('.migbackup', '../away');
    run('create');
    fs.writeFileSync('../pruned', run('prune', '--keep-last', '1', '--yes'));
    fs.renameSync('../away', '.migbackup');
    fs.writeFileSync('deployments/a.json', 'half done');
    process.exit(1);`;
  await take(a);
  const guarded = await run(a, 'guard', '--json', '--', process.execPath, '-e', command);
  expect(guarded.exitCode, guarded.stdout + guarded.stderr).toBe(20);
  expect(state(a)).toBe('{"of":"a"}');
  const { backupId }: { backupId: string } = JSON.parse(guarded.stdout);
  expect(readFileSync(path.join(temp.path, 'pruned'), 'utf8')).toContain(`a guarded command in ${a} on`);
  expect(migrations()).toHaveLength(2);
  expect(existsSync(path.join(repository, 'reports', backupId, 'claimed.json'))).toBe(false);
  // A claim that is not one may have been one; a guard that was killed has its claim until its own folder is settled.
  put(repository, `reports/${backupId}/claimed.json`, 'torn');
  await take(b);
  expect((await run(b, 'prune', '--keep-last', '1', '--yes')).exitCode).toBe(0);
  expect(migrations()).toContain(backupId);
});

test('latest says where it was made if that is another checkout', async () => {
  const config = { project: 'contracts', categories: CATEGORIES };
  const [a, b] = [makeProject('a', config), makeProject('b', config)];
  const first = await take(a);
  const other = await run(b, 'restore', '--latest', '--yes');
  expect(other.exitCode, other.stderr).toBe(0);
  expect(other.stderr).toContain(`${first} was made in ${a}, not in this folder`);
  expect((await run(a, 'show', '--latest')).stderr).not.toContain('was made in');
});

test('the id of the config is the same in every checkout, and stays when the config is lost', async () => {
  const a = makeProject('a');
  const before = await take(a);
  expect((await run(a, 'init')).exitCode).toBe(0);
  const config: { project: string } = JSON.parse(readFileSync(path.join(a, 'migbackup.config.json'), 'utf8'));
  expect(config.project).toMatch(/^a-[0-9a-f]{12}$/);
  const after = await take(a);
  // What was taken before there was an id is still this project's.
  expect(await listed(a)).toEqual([after, before]);
  const manifest: { project: object } = JSON.parse(
    readFileSync(path.join(repository, after, 'BACKUP_MANIFEST.json'), 'utf8'),
  );
  expect(manifest.project).toEqual({ id: config.project, root: a, name: 'a' });

  const b = makeProject('b', { project: config.project, categories: CATEGORIES });
  expect(await listed(b)).toEqual([after]);

  rmSync(path.join(a, 'migbackup.config.json'));
  const moved = path.join(temp.path, 'moved');
  renameSync(a, moved);
  expect(await listed(moved)).toEqual([after]);
  expect((await run(moved, 'init')).exitCode).toBe(0);
  expect(readFileSync(path.join(moved, 'migbackup.config.json'), 'utf8')).toContain(config.project);
});

test('checkouts of one git repository are one project, its packages are several', async () => {
  const origin = (root: string, url: string): void => put(root, '.git/config', `[remote "origin"]\n\turl = ${url}\n`);
  const [a, b, other] = [makeProject('a'), makeProject('b'), makeProject('other')];
  origin(a, 'git@GitHub.com:acme/contracts.git');
  origin(b, 'https://joe:secret@github.com/acme/contracts');
  origin(other, 'https://github.com/acme/others.git');
  const nested = makeProject('a/packages/a');
  const id = await take(a);
  expect(readFileSync(path.join(repository, id, 'BACKUP_MANIFEST.json'), 'utf8')).toContain(
    '"id": "git:github.com/acme/contracts"',
  );
  expect(await listed(b)).toEqual([id]);
  expect(await listed(other)).toEqual([]);
  expect(await listed(nested)).toEqual([]);
  const inner = await take(nested);
  expect(await listed(nested)).toEqual([inner]);
  expect(await listed(path.join(b, 'deployments'))).toEqual([id]);
});

test('a project that is moved together with its repository keeps its backups', async () => {
  const a = makeProject('a');
  repository = path.join(a, 'backups');
  const id = await take(a);
  const moved = path.join(temp.path, 'moved');
  renameSync(a, moved);
  repository = path.join(moved, 'backups');
  expect(await listed(moved)).toEqual([id]);
  // The same file elsewhere says nothing of the sort: it is named by a path.
  const b = makeProject('b');
  const refused = await run(b, 'restore', path.join(repository, id), '--yes', '--backups', path.join(b, 'backups'));
  expect(refused.exitCode).toBe(6);
  expect(existsSync(path.join(b, '.migbackup', 'txn'))).toBe(false);
});

test('verify --all means this project, says how many of others it leaves out, and takes them in where asked', async () => {
  const [a, b] = [makeProject('a'), makeProject('b')];
  const [first, second] = [await take(a), await take(b)];
  const verified = async (...args: string[]) => {
    const { exitCode, stdout } = await run(b, 'verify', '--all', '--json', ...args);
    expect(exitCode).toBe(0);
    const document: { reports: { backupId: string }[]; ofOthers: number } = JSON.parse(stdout);
    expect(schemaViolations('verify-all', document)).toEqual([]);
    return { ids: document.reports.map(({ backupId }) => backupId), ofOthers: document.ofOthers };
  };
  expect(await verified()).toEqual({ ids: [second], ofOthers: 1 });
  expect(await verified('--all-projects')).toEqual({ ids: [second, first], ofOthers: 0 });
  const text = (await run(b, 'verify', '--all')).stdout;
  expect(text).toContain('1 backup looked at');
  expect(text).toContain('1 more belongs to other projects: migbackup verify --all --all-projects');
  expect((await run(b, 'verify', '--all-projects')).exitCode).toBe(2);
  // Where all are of others, nothing was verified.
  const c = await run(makeProject('c'), 'verify', '--all');
  expect(c).toMatchObject({ exitCode: 10, stdout: '' });
  expect(c.stderr).toMatch(/there is no backup of this project in [^]*shows the 2 of other projects/);
  // One that cannot be read may be this project's.
  rmSync(path.join(repository, first, 'BACKUP_MANIFEST.json'));
  expect((await run(b, 'verify', '--all')).exitCode).toBe(4);
});
