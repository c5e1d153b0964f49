import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { writeMarker, lockGuard } from '../../src/core/history/marker.ts';
import { acquireLock } from '../../src/core/repository/lock.ts';
import { writeJournal } from '../../src/core/transaction/journal.ts';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import { put } from '../support/files.ts';
import { runCli, type CliResult } from '../support/run-cli.ts';
import { schemaViolations } from '../support/schemas.ts';
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

  expect(await status()).toMatch(/^ {2}project .*\n[^]*does not exist[^]*not known[^]*Next: migbackup create\n$/);
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

test('while a restore runs, status and undo --list say so; where it was killed, they name the line that goes on', async () => {
  using temp = tempFolder();
  const root = path.join(temp.path, 'project');
  put(root, 'deployments/a.json', '{}');
  const run = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: root });
  expect((await run('create')).exitCode).toBe(0);
  put(root, 'deployments/a.json', '[]');
  expect((await run('restore', '--latest', '--yes')).exitCode).toBe(0);
  const { backupId }: { backupId: string } = JSON.parse((await run('create', '--json')).stdout);
  rmSync(path.join(root, 'deployments'), { recursive: true });
  mkdirSync(path.join(root, '.migbackup/txn'), { recursive: true });
  writeJournal(root, { version: 1, id: 'x', backupId, startedAt: '2026-01-01T00:00:00.000Z', units: [], meta: [] });

  const lock = acquireLock(path.join(root, '.migbackup'), 'restore');
  try {
    // Reading lock.db in this process would let go of it.
    const tree = (): ReturnType<typeof readTree> => readTree(root, ['.migbackup', 'backups']);
    const before = tree();
    const { stdout } = await run('status');
    const words = stdout.replaceAll(/\s+/g, ' ');
    expect(words).toContain(`running migbackup restore (pid ${process.pid} on `);
    expect(words).toMatch(/, since \d{4}-\d\d-\d\dT/);
    // There is nothing to recover, and what is gone may be away for a moment.
    expect(words).not.toMatch(/recover|unfinished|Next:/);
    expect(words).toContain('way back not known');
    expect(JSON.parse((await run('status', '--json')).stdout)).toMatchObject({
      pending: [{ what: 'running', command: null }],
      next: [],
    });
    expect((await run('undo', '--list')).stdout).toContain(`migbackup restore (pid ${process.pid} on `);
    expect(compareTrees(before, tree())).toEqual([]);
  } finally {
    lock.release();
  }

  // What a killed one leaves: the note of who held the lock.
  const note = { pid: process.pid, host: hostname(), command: 'restore', since: '2026-01-01T00:00:00.000Z' };
  writeFileSync(path.join(root, '.migbackup/lock.db.holder'), JSON.stringify(note));
  const document = JSON.parse((await run('status', '--json')).stdout);
  expect(document).toMatchObject({ pending: [{ what: 'restore-unfinished' }], next: ['migbackup recover'] });
  const listed = await run('undo', '--list');
  expect(listed.exitCode, listed.stderr).toBe(0);
  expect(listed.stdout.replaceAll(/\s+/g, ' ')).toContain(
    `the restore of ${backupId} was interrupted and is unfinished`,
  );
  expect(listed.stdout).toContain('Next: migbackup recover');
  expect(listed.stdout).toContain('Possible once that is finished.');
  const steps = JSON.parse((await run('undo', '--list', '--json')).stdout);
  expect(schemaViolations('undo-list', steps)).toEqual([]);
  expect(steps).toMatchObject({
    unfinished: { what: 'restore-unfinished', command: 'migbackup recover' },
    operations: [{ operation: 'restore', next: false, possible: 'later', after: null }],
  });
  const refused = await run('undo', '--dry-run');
  expect(refused.exitCode).toBe(6);
  expect(refused.stderr).toContain('Nothing was changed. First run: migbackup recover');
});
