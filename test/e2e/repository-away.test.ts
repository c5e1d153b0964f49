import { renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { put } from '../support/files.ts';
import { runCli, type CliResult } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

test('a repository that is away is said until it is back, or accepted: also after a backup was taken in its place', async () => {
  using temp = tempFolder();
  const root = path.join(temp.path, 'project');
  const repository = path.join(temp.path, 'disk');
  put(root, 'package.json', '{}');
  put(root, 'deployments/a.json', '{}');
  put(root, 'deployments/b.json', '{}');
  const run = (...args: string[]): Promise<CliResult> =>
    runCli(args, { cwd: root, env: { MIGBACKUP_BACKUPS: repository } });
  const said = async (...args: string[]): Promise<string> => (await run(...args)).stdout.replaceAll(/\s+/g, ' ');
  const { backupId }: { backupId: string } = JSON.parse((await run('create', '--json')).stdout);
  const words = `with ${backupId}: it is no longer in the repository`;

  renameSync(repository, `${repository}-away`);
  rmSync(path.join(root, 'deployments/a.json'));
  const status = await said('status');
  expect(status).toContain(words);
  expect(status).not.toContain('Next: migbackup create');
  expect(await said('validate')).toContain(words);
  expect(await said('create')).toContain(words);
  expect(await said('create')).toContain(words);
  expect(await said('validate')).toContain(words);

  // Back: what it had is compared again once it is the newest, and nothing is said to be away.
  renameSync(repository, `${repository}-below`);
  renameSync(`${repository}-away`, repository);
  expect(await said('validate')).toContain(`gone since ${backupId}: deployments/a.json`);
  renameSync(repository, `${repository}-away`);
  renameSync(`${repository}-below`, repository);
  expect(await said('validate')).toContain(words);
  expect((await run('create', '--accept-gone')).exitCode).toBe(0);
  expect(await said('validate')).not.toContain('not in the repository');
});
