import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { guard, type OnFailure } from '../../src/core/operations/guard.ts';
import { prune } from '../../src/core/operations/prune.ts';
import { restore } from '../../src/core/operations/restore.ts';
import { undoList } from '../../src/core/operations/undo-list.ts';
import { undo } from '../../src/core/operations/undo.ts';
import { context, makeRealBackup, type RealBackup } from '../support/real-backup.ts';

/* Several operations in a row, taken back one after the other and brought back again: a file tells which state the project is in. */

const YES = () => Promise.resolve(true);
let backup: RealBackup;
beforeEach(async () => {
  backup = await makeRealBackup();
});
afterEach(() => backup[Symbol.dispose]());

const file = (): string => path.join(backup.root, 'README.md');
const state = (): string => readFileSync(file(), 'utf8');

/** A command that is guarded and writes the state. */
async function migrate(to: string, onFailure?: OnFailure) {
  const command = [process.execPath, '-e', `fs.writeFileSync(${JSON.stringify(file())}, '${to}')`];
  const checks = onFailure === undefined ? [] : ['exit 1'];
  const how = { command, checks, onFailure, confirm: YES, stdoutToStderr: true, lockWaitMs: 0, backup: {} };
  return guard(backup.project, how, context);
}

const takeBack = (id?: string) => undo(backup.project, { id, dryRun: false, confirm: YES }, context);
const list = async () => (await undoList(backup.project, {}, context)).operations;
const ids = async (possible: string): Promise<string[]> =>
  (await list()).filter((each) => each.possible === possible).map(({ id }) => id);

async function restoreIt(safetyBackup = true) {
  const selected = { id: backup.id, folder: backup.folder, dispose() {} };
  const how = { only: [], allowUnsafeLinks: true, exact: true, dryRun: false, safetyBackup, confirm: YES };
  return restore(backup.project, selected, how, context);
}

test('nothing is listed where nothing was done', async () => {
  expect(await list()).toEqual([]);
});

test('two commands are taken back one after the other, and brought back in the same way', async () => {
  const zero = state();
  const one = await migrate('one');
  const two = await migrate('two');
  expect(await list()).toMatchObject([
    { id: two.backupId, next: true, possible: 'now', after: null, becomes: 'as it was before that command' },
    { id: one.backupId, next: false, possible: 'later', after: two.backupId },
  ]);
  // Not the older one alone: what the newer one did rests on it.
  await expect(takeBack(one.backupId)).rejects.toMatchObject({
    code: 'NOTHING_TO_UNDO',
    hint: expect.stringContaining(`migbackup undo ${two.backupId}`),
  });
  await takeBack();
  expect(state()).toBe('one');
  expect((await list()).map(({ id, next, possible }) => [id.slice(0, 6), next, possible])).toEqual([
    ['safety', true, 'now'],
    ['migrat', false, 'now'],
  ]);
  await takeBack(one.backupId);
  expect(state()).toBe(zero);
  // Forwards: each undo takes back the undo before it.
  await takeBack();
  expect(state()).toBe('one');
  const [redo, undone] = await list();
  expect([redo, undone]).toMatchObject([
    { next: true, possible: 'now', what: expect.stringMatching(/^the redo of the guarded command/) },
    { next: false, possible: 'now', what: expect.stringMatching(/^the undo of the guarded command/) },
  ]);
  await takeBack(undone?.id);
  expect(state()).toBe('two');
  await takeBack();
  expect(state()).toBe('one');
  await takeBack(redo?.id);
  expect(state()).toBe(zero);
});

test('undo after undo is a redo, as often as one likes', async () => {
  await migrate('one');
  const zero = await takeBack().then(state);
  for (const expected of ['one', zero, 'one', zero]) {
    await takeBack();
    expect(state()).toBe(expected);
  }
});

test('two restores of one backup are told apart where the older one is asked for first', async () => {
  writeFileSync(file(), 'one');
  await restoreIt();
  writeFileSync(file(), 'two');
  await restoreIt();
  const [newest, older] = await list();
  const named = (step: typeof newest) => `the restore of ${backup.id} (${step?.time}, ${step?.id})`;
  await expect(takeBack(older?.id)).rejects.toMatchObject({
    code: 'NOTHING_TO_UNDO',
    message: `${named(older)} is not the newest: ${named(newest)} has to be taken back first`,
    hint: expect.stringMatching(
      new RegExp(`First run: migbackup undo ${newest?.id}\\. Then.*migbackup undo ${older?.id}`),
    ),
  });
});

test('something new ends what could be brought back again', async () => {
  const zero = state();
  const one = await migrate('one');
  await takeBack();
  const undone = (await list())[0]?.id ?? '';
  const three = await migrate('three');
  expect(await ids('now')).toEqual([three.backupId]);
  await expect(takeBack(undone)).rejects.toMatchObject({ code: 'NOTHING_TO_UNDO' });
  await expect(takeBack(one.backupId)).rejects.toMatchObject({ code: 'NOTHING_TO_UNDO' });
  await takeBack();
  expect(state()).toBe(zero);
});

test('an operation is named by its id or by a part that only one has', async () => {
  const one = await migrate('one');
  await takeBack();
  await migrate('two');
  await migrate('three');
  await expect(takeBack('nosuch')).rejects.toMatchObject({ code: 'NOTHING_TO_UNDO' });
  await expect(takeBack('migration-')).rejects.toMatchObject({ code: 'USAGE' });
  const newest = (await ids('now'))[0] ?? '';
  expect(newest).not.toBe(one.backupId);
  const hint = expect.stringMatching(new RegExp(`Did you mean ${newest}\\?$`));
  await expect(takeBack(newest.replace('T', 't'))).rejects.toMatchObject({ code: 'NOTHING_TO_UNDO', hint });
  expect((await takeBack(newest.slice(10))).undone.id).toBe(newest);
  expect(state()).toBe('two');
});

test('below what cannot be taken back nothing can', async () => {
  await migrate('one');
  writeFileSync(file(), 'other');
  await restoreIt(false);
  expect((await list()).map(({ possible }) => possible)).toEqual(['never', 'never']);
});

test('what is gone from the repository is said to be', async () => {
  const { backupId } = await migrate('one');
  rmSync(path.join(backup.project.repository, backupId), { recursive: true });
  expect(await list()).toMatchObject([{ id: backupId, possible: 'never' }]);
  await expect(takeBack()).rejects.toMatchObject({ code: 'NOTHING_TO_UNDO' });
});

test('prune keeps what the next step needs, both ways', async () => {
  const one = await migrate('one');
  const two = await migrate('two');
  await takeBack();
  const [undone] = await ids('now');
  const policy = { keepLast: 1, keepSafety: 0 };
  const pruned = await prune(backup.project, { policy, dryRun: false, confirm: YES }, context);
  const removed = pruned.remove.map(({ backupId }) => backupId);
  expect(removed).not.toContain(one.backupId);
  expect(removed).not.toContain(undone);
  expect(two.backupId).toBeDefined();
  await takeBack(one.backupId);
  await takeBack();
  await takeBack(undone);
  expect(state()).toBe('two');
});

test('the way back of a guard is not taken back by a bare undo that nobody sees', async () => {
  const zero = state();
  const { safetyBackup } = await migrate('broken', 'restore');
  const id = safetyBackup ?? '';
  expect(state()).toBe(zero);
  const [listed] = await list();
  expect(listed).toMatchObject({ id, rolledBack: true, becomes: 'as the failed command left it', possible: 'now' });
  await expect(takeBack()).rejects.toMatchObject({
    code: 'CONFIRMATION_REQUIRED',
    message: expect.stringContaining('as the failed command left it'),
    hint: expect.stringContaining(`run: migbackup undo ${id} --yes`),
  });
  expect(state()).toBe(zero);
  await takeBack(id);
  expect(state()).toBe('broken');
  // What comes of an undo is no guard's way back.
  await takeBack();
  expect(state()).toBe(zero);
  const seen = { dryRun: false, attended: true, confirm: YES };
  appendFileSync(file(), '');
  await migrate('broken again', 'restore');
  await undo(backup.project, seen, context);
  expect(state()).toBe('broken again');
});
