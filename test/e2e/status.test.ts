import { rmSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { writeMarker, lockGuard } from '../../src/core/history/marker.ts';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import { put } from '../support/files.ts';
import { runCli, type CliResult } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

test('status says what is gone first, then where the project stands and what comes next, and writes nothing', async () => {
  using temp = tempFolder();
  const root = path.join(temp.path, 'project');
  put(root, 'deployments/a.json', '{}');
  put(root, 'docs/a.md', '# A\n');
  const run = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: root });
  const status = async (): Promise<string> => {
    const before = readTree(root);
    const { exitCode, stdout, stderr } = await run('status');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(compareTrees(before, readTree(root))).toEqual([]);
    return stdout;
  };

  expect(await status()).toMatch(/^ {2}project .*\n[^]*no backup yet[^]*Next: migbackup create\n$/);
  const { backupId }: { backupId: string } = JSON.parse((await run('create', '--json')).stdout);
  expect(await status()).toMatch(
    new RegExp(`latest +${backupId}\\n +just now, complete, 2 files, verified in full[^]*Next: migbackup diff\\n$`),
  );

  const { backupId: part }: { backupId: string } = JSON.parse((await run('create', '--only', 'docs', '--json')).stdout);
  rmSync(path.join(root, 'deployments'), { recursive: true });
  const line = `migbackup restore ${backupId} --only deployments`;
  const lost = await status();
  expect(lost).toMatch(/^ {2}gone +deployments\/a\.json|^ {2}gone +deployments/);
  expect(lost).toMatch(new RegExp(`newer +${part}\\n +just now, partial`));
  expect(lost.endsWith(`  Next: ${line}\n`)).toBe(true);
  expect((await run(...line.split(' ').slice(1), '--yes')).exitCode).toBe(0);
  expect(await status()).toContain('undo takes back the restore of ');

  lockGuard(root).release();
  writeMarker(root, { backupId, command: ['migrate'], startedAt: '2026-01-01T00:00:00.000Z', token: 'none' });
  const document: { pending: object[]; next: string[] } = JSON.parse((await run('status', '--json')).stdout);
  expect(document).toMatchObject({
    pending: [{ what: 'guard-interrupted', command: 'migbackup undo' }],
    next: ['migbackup undo'],
  });
});
