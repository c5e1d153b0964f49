import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { makeRealBackup } from '../support/real-backup.ts';
import { runCli } from '../support/run-cli.ts';

const env = { GITHUB_ACTIONS: 'true' };

test.each([[['verify']], [['verify', '--json']], [['verify', '--all']], [['verify', '--all', '--json']]])(
  '%s of a damaged backup annotates what is wrong with it',
  async (args) => {
    using backup = await makeRealBackup();
    fs.rmSync(path.join(backup.folder, 'docs.tar.zst'));
    const { stdout, stderr, exitCode } = await runCli(args, { cwd: backup.root, env });
    expect(exitCode).toBe(4);
    expect(stderr).toContain('::error title=migbackup artifact-missing::docs.tar.zst is missing\n');
    if (args.includes('--json')) JSON.parse(stdout);
    expect(stdout).not.toContain('::error');
  },
);

test('nothing is annotated elsewhere, nor what is only worth knowing', async () => {
  using backup = await makeRealBackup();
  fs.writeFileSync(path.join(backup.root, 'docs/.env'), 'KEY=1');
  expect((await runCli(['create'], { cwd: backup.root, env })).stderr).toBe('');
  fs.rmSync(path.join(backup.folder, 'docs.tar.zst'));
  expect((await runCli(['verify', backup.id], { cwd: backup.root })).stderr).toBe('');
});
