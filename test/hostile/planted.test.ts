import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { create } from '../../src/core/operations/create.ts';
import { list } from '../../src/core/operations/list.ts';
import { operationsOn } from '../../src/core/history/operation-log.ts';
import { recover } from '../../src/core/operations/recover.ts';
import { undo } from '../../src/core/operations/undo.ts';
import { writeReport } from '../../src/core/repository/reports.ts';
import { compareTrees, readTree, type Tree } from '../support/compare-trees.ts';
import { put } from '../support/files.ts';
import { context, makeRealBackup, type RealBackup } from '../support/real-backup.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

let backup: RealBackup;
let outside: TempFolder;
let before: Tree;
beforeEach(async () => {
  backup = await makeRealBackup();
  outside = tempFolder();
  put(outside.path, 'precious', 'canary');
  before = readTree(backup.root, ['backups', '.migbackup']);
});
afterEach(() => {
  backup[Symbol.dispose]();
  outside[Symbol.dispose]();
});

const state = (...parts: string[]): string => path.join(backup.root, '.migbackup', ...parts);
const inRepository = (...parts: string[]): string => path.join(backup.project.repository, ...parts);
const take = () => create(backup.project, { verify: false, allowPartial: false }, context);

/** The project is as it was, and so is what lies outside. */
function expectUntouched(): void {
  expect(compareTrees(before, readTree(backup.root, ['backups', '.migbackup']))).toEqual([]);
  expect(readdirSync(outside.path)).toEqual(['precious']);
  expect(readFileSync(path.join(outside.path, 'precious'), 'utf8')).toBe('canary');
}

/** Puts a link where whatever is there goes. */
function plantLink(target: string, place: string): void {
  mkdirSync(path.dirname(place), { recursive: true });
  rmSync(place, { recursive: true, force: true });
  symlinkSync(target, place);
}

/** A journal as a checkout could bring it along: whole, with a checksum that fits. */
function plantJournal(folder: string, unit: object, more: object = {}): void {
  const units = [{ n: 0, old: null, hasNew: true, tree: false, ...unit }];
  const journal = { version: 1, id: 'restore-1', backupId: backup.id, startedAt: '', units, meta: [], ...more };
  const body = JSON.stringify(journal);
  mkdirSync(path.join(folder, 'stage'), { recursive: true });
  mkdirSync(path.join(folder, 'aside'));
  const sha256 = createHash('sha256').update(body).digest('hex');
  writeFileSync(path.join(folder, 'plan.json'), JSON.stringify({ sha256, body }));
}

describe('a journal that came with a checkout', () => {
  const elsewhere = { folder: { ino: '12345', birthtimeNs: '0' } };

  test.each([
    ['puts a hook into .git', { path: '.git/hooks/post-checkout' }, false],
    ['puts a file into the project', { path: 'docs/planted.md' }, false],
    ['takes a folder of the project away', { path: 'deployments', tree: true }, true],
  ])('%s: refused, nothing is moved', async (_, unit, goingBack) => {
    plantJournal(state('txn'), unit, elsewhere);
    writeFileSync(state('txn/stage/0'), '#!/bin/sh\n');
    if (goingBack) {
      writeFileSync(state('txn/undo'), '');
      writeFileSync(state('txn/aside/0'), '');
    }
    for (const run of [take, () => recover(backup.project, {}, context)])
      await expect(run()).rejects.toMatchObject({ code: 'TRANSACTION_UNREADABLE' });
    expectUntouched();
    expect(existsSync(state('txn/plan.json'))).toBe(true);
  });

  test('the same of one that says it is finished: it is not logged', async () => {
    plantJournal(state('committed-restore-1'), { path: 'docs/x' }, elsewhere);
    await take();
    expect(operationsOn(backup.project)).toEqual([]);
    expectUntouched();
  });

  test.skipIf(process.platform === 'win32')('a pipe in its place is not waited for (not on Windows)', async () => {
    mkdirSync(state('txn'), { recursive: true });
    execFileSync('mkfifo', [state('txn/plan.json')]);
    await expect(take()).rejects.toMatchObject({ code: 'TRANSACTION_UNREADABLE' });
    expectUntouched();
  });
});

describe('links in the place of our own files and folders', () => {
  test.each(['.', 'txn', 'guard'])('.migbackup/%s', async (folder) => {
    plantLink(outside.path, state(folder));
    await expect(take()).rejects.toMatchObject({ code: 'UNSAFE_TARGET' });
    expectUntouched();
  });

  test.each(['lock.db', 'lock.db.holder'])('%s, in the project and in the repository', async (name) => {
    for (const place of [state(name), inRepository(name)]) {
      plantLink(path.join(outside.path, name === 'lock.db' ? 'new' : 'precious'), place);
    }
    if (name === 'lock.db') await expect(take()).rejects.toMatchObject({ code: 'UNSAFE_TARGET' });
    else await take();
    expectUntouched();
  });

  test('the folder of the reports', () => {
    plantLink(outside.path, inRepository('reports'));
    const { file, finding } = writeReport(backup.project.repository, backup.id, 'verify', {});
    expect([file, finding?.code]).toEqual([null, 'report-not-written']);
    expectUntouched();
  });

  test('the folder of the reports about one backup', () => {
    plantLink(outside.path, inRepository('reports', backup.id));
    expect(writeReport(backup.project.repository, backup.id, 'verify', {}).file).toBeNull();
    expectUntouched();
  });

  test('a work folder of a run that died: the link goes, not what it leads to', async () => {
    symlinkSync(outside.path, inRepository('.partial-migration-2020-01-01T00-00-00-000Z'));
    await take();
    expectUntouched();
    expect(existsSync(inRepository('.partial-migration-2020-01-01T00-00-00-000Z'))).toBe(false);
  });

  test('a backup that is a link is none', async () => {
    symlinkSync(backup.folder, inRepository('migration-2030-01-01T00-00-00-000Z'));
    const { backups } = await list(backup.project, {}, context);
    expect(backups.map(({ backupId }) => backupId)).toEqual([backup.id]);
  });
});

describe('an operation log that came with a checkout', () => {
  const line = (more: object): string =>
    `${JSON.stringify({
      time: '2026-01-01T00:00:00.000Z',
      user: 'u',
      host: 'h',
      ci: null,
      operation: 'restore',
      root: backup.root,
      backupId: backup.id,
      planHash: null,
      safetyId: null,
      transactionId: 't',
      exit: 0,
      ...more,
    })}\n`;
  const run = () => undo(backup.project, { dryRun: false, confirm: () => Promise.resolve(true) }, context);

  test.each(['../../outside', 'safety-2020-01-01T00-00-00-000Z', '\u001b[2J', '__proto__'])(
    'undo takes no backup that is not in the repository: %j',
    async (safetyId) => {
      put(backup.project.repository, 'reports/operations.ndjson', line({ safetyId }));
      await expect(run()).rejects.toMatchObject({ code: 'NOTHING_TO_UNDO' });
      expectUntouched();
    },
  );

  test('lines that are none are passed over', async () => {
    const odd = ['{', '[]', 'null', '{"operation":5}', '\0\0\0', '['.repeat(100_000), '{"__proto__":{"exit":1}}'];
    put(backup.project.repository, 'reports/operations.ndjson', `${odd.join('\n')}\n`);
    await expect(run()).rejects.toMatchObject({ code: 'NOTHING_TO_UNDO' });
    expect('exit' in {}).toBe(false);
  });

  test('a link in its place is not written through, and that is said', async () => {
    plantLink(path.join(outside.path, 'precious'), inRepository('reports/operations.ndjson'));
    await expect(run()).rejects.toMatchObject({ code: expect.any(String) });
    expectUntouched();
  });
});
