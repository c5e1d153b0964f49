import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import { put } from '../support/files.ts';
import { runCli, type CliResult } from '../support/run-cli.ts';
import { makeSampleProject } from '../support/sample-project.ts';
import { tempFolder } from '../support/temp-folder.ts';

test('state that the newest complete backup has and the project has not is critical, and the line brings it back', async () => {
  using temp = tempFolder();
  const root = path.join(temp.path, 'project');
  await makeSampleProject(root);
  const run = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: root });
  const tree = () => readTree(root, ['backups', '.migbackup']);
  expect((await run('init')).exitCode).toBe(0);
  const { backupId }: { backupId: string } = JSON.parse((await run('create', '--json')).stdout);
  const before = tree();
  expect((await run('validate')).stdout).toContain('HEALTHY');

  for (const folder of ['leveldb', '.openzeppelin', 'deployments'])
    rmSync(path.join(root, folder), { recursive: true });
  const lost = await run('validate');
  expect(lost.exitCode).toBe(4);
  expect(lost.stdout).toMatch(new RegExp(`^state\\n +x +gone since ${backupId}: leveldb `));
  expect(lost.stdout).toContain('CRITICAL  state is gone; see x above');

  const line = `migbackup restore ${backupId} --only leveldb/ --only deployments --only .openzeppelin`;
  const taken = await run('create', '--json');
  const { findings }: { findings: { code: string; recommendation: string }[] } = JSON.parse(taken.stdout);
  expect(findings).toContainEqual(
    expect.objectContaining({ code: 'state-gone', recommendation: `${line} brings it back.` }),
  );
  // A backup of what is left does not bring it back.
  expect((await run('validate')).stdout).toContain(`gone since ${backupId}: leveldb `);

  expect((await run(...line.split(' ').slice(1), '--yes')).exitCode).toBe(0);
  expect(existsSync(path.join(root, 'leveldb/CURRENT'))).toBe(true);
  expect(compareTrees(before, tree())).toEqual([]);
});

test('a file that is there and empty is gone too, until it is back or accepted', async () => {
  using temp = tempFolder();
  const root = path.join(temp.path, 'project');
  await makeSampleProject(root);
  const run = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: root });
  const { backupId }: { backupId: string } = JSON.parse((await run('create', '--json')).stdout);
  const file = '.openzeppelin/mainnet.json';
  const { size } = statSync(path.join(root, file));
  writeFileSync(path.join(root, file), '');
  expect((await run('create')).stdout).toContain(`${file} (empty now, ${size} bytes before)`);
  const lost = await run('validate');
  expect(lost.exitCode).toBe(4);
  expect(lost.stdout.replaceAll(/\s+/g, ' ')).toContain(
    `gone since ${backupId}: ${file} (empty now, ${size} bytes before)`,
  );
  const { stdout } = await run('status', '--json');
  const { lost: told, next }: { lost: { gone: object[] }[]; next: string[] } = JSON.parse(stdout);
  expect(told.flatMap(({ gone }) => gone)).toEqual([
    { path: file, files: 1, records: null, bytes: size, noLonger: null },
  ]);
  expect((await run('status')).stdout).toContain(`${file} (empty now)`);
  expect(next).toEqual([`migbackup restore ${backupId} --only ${file}`]);
  expect((await run('create', '--accept-gone')).exitCode).toBe(0);
  expect((await run('validate')).stdout).not.toContain('gone since');
  expect((await run(...(next[0]?.split(' ').slice(1) ?? []), '--yes')).exitCode).toBe(0);
  expect(statSync(path.join(root, file)).size).toBe(size);
});

test('a required source that a backup has is said once, with the line that brings it back', async () => {
  using temp = tempFolder();
  const root = path.join(temp.path, 'project');
  put(root, 'docs/a.md', 'a');
  put(root, 'must/b', 'b');
  const sources = { must: { path: 'must', required: true }, never: { path: 'never', required: false } };
  const configure = (): void =>
    put(root, 'migbackup.config.json', JSON.stringify({ categories: { own: { sources } } }));
  configure();
  const run = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: root });
  const { backupId }: { backupId: string } = JSON.parse((await run('create', '--json')).stdout);
  rmSync(path.join(root, 'must'), { recursive: true });
  const line = `migbackup restore ${backupId} --only must`;

  const { stdout } = await run('validate');
  expect(stdout).toContain('gone since');
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
    `${line} brings it back. If it may be gone, take "required" out of the config.`,
  );
  expect(stdout).not.toContain('is required and does not exist');
  const { checks }: { checks: { id: string }[] } = JSON.parse((await run('validate', '--json')).stdout);
  expect(checks.map(({ id }) => id)).not.toContain('sources-there');

  for (const command of [['create'], ['guard', '--', 'true']]) {
    const { exitCode, stderr } = await run(...command);
    expect(exitCode).toBe(5);
    expect(stderr).toMatch(/^error .*must: is required and does not exist {2}\(SOURCE_MISSING\)$/m);
    expect(stderr).toContain(`hint   ${line} brings it back. `);
    expect(stderr).not.toContain('Create it');
  }

  // What no backup has is said as ever.
  sources.never.required = true;
  configure();
  const both = (await run('validate')).stdout.replaceAll(/\s+/g, ' ');
  expect(both).toContain('never: is required and does not exist');
  expect(both).not.toContain('must: is required');
  expect((await run(...line.split(' ').slice(1), '--yes')).exitCode).toBe(0);
  expect((await run('create')).stderr).toContain('Create it, or take "required" out of the config.');
});
