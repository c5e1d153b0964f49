import { readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { put } from '../support/files.ts';
import { runCli, type CliResult } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** A guarded command that puts something in the way of its own way back, and of the log where `blocked`. */
const command = (blocked: boolean): string => `
  const fs = require('node:fs');
  fs.writeFileSync('deployments/a.json', 'half done');
  const { MIGBACKUP_DIR: folder } = process.env;
  fs.renameSync(folder + '/INDEX.ndjson.zst', folder + '/away');
  ${blocked ? `fs.renameSync(folder + '/../reports', folder + '/../../reports'); fs.writeFileSync(folder + '/../reports', '');` : ''}
  process.exit(1)`;

test.each([
  ['also where the log could not be written', true],
  ['where it was logged', false],
])('a way back that failed is remembered, %s', async (_, blocked) => {
  using temp = tempFolder();
  const root = path.join(temp.path, 'project');
  const repository = path.join(temp.path, 'place/backups');
  put(root, 'package.json', '{}');
  put(root, 'deployments/a.json', 'before');
  const run = (...args: string[]): Promise<CliResult> =>
    runCli(args, { cwd: root, env: { MIGBACKUP_BACKUPS: repository } });
  const failed = await run('guard', '--', process.execPath, '-e', command(blocked));
  expect(failed.exitCode, failed.stderr).toBe(7);
  const id = /migration-[\dTZ-]+/.exec(failed.stderr)?.[0] ?? '';

  const said = (await run('status')).stdout.replaceAll(/\s+/g, ' ');
  expect(said).toMatch(/unfinished the way back of the guarded command .* failed/);
  const { pending }: { pending: object[] } = JSON.parse((await run('status', '--json')).stdout);
  expect(pending).toMatchObject([{ what: blocked ? 'guard-interrupted' : 'guard-failed' }]);

  // Once the cause is mended, undo brings it back.
  renameSync(path.join(repository, id, 'away'), path.join(repository, id, 'INDEX.ndjson.zst'));
  if (blocked) {
    rmSync(path.join(repository, 'reports'));
    renameSync(path.join(repository, '../reports'), path.join(repository, 'reports'));
  }
  const undone = await run('undo', '--yes');
  expect(undone.exitCode, undone.stderr).toBe(0);
  expect(readFileSync(path.join(root, 'deployments/a.json'), 'utf8')).toBe('before');
  expect((await run('status')).stdout).not.toContain('failed');
});
