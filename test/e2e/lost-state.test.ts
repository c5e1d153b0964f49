import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { compareTrees, readTree } from '../support/compare-trees.ts';
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
  expect(told.flatMap(({ gone }) => gone)).toEqual([{ path: file, files: 1, records: null, bytes: size }]);
  expect((await run('status')).stdout).toContain(`${file} (empty now)`);
  expect(next).toEqual([`migbackup restore ${backupId} --only ${file}`]);
  expect((await run('create', '--accept-gone')).exitCode).toBe(0);
  expect((await run('validate')).stdout).not.toContain('gone since');
  expect((await run(...(next[0]?.split(' ').slice(1) ?? []), '--yes')).exitCode).toBe(0);
  expect(statSync(path.join(root, file)).size).toBe(size);
});
