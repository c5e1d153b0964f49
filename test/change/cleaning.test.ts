import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { create } from '../../src/core/operations/create.ts';
import { recover } from '../../src/core/operations/recover.ts';
import { restore } from '../../src/core/operations/restore.ts';
import { acquireLock } from '../../src/core/repository/lock.ts';
import { context, makeRealBackup, type RealBackup } from '../support/real-backup.ts';
import { runCli } from '../support/run-cli.ts';
import { Recorder } from '../faults/power/replay/recorder.ts';

let backup: RealBackup;
beforeEach(async () => {
  backup = await makeRealBackup();
});
afterEach(() => backup[Symbol.dispose]());

const state = (): string[] => fs.readdirSync(path.join(backup.root, '.migbackup'));
const stored = (): string[] => fs.readdirSync(backup.project.repository).filter((name) => name.startsWith('.'));

/** Runs an operation and answers with the notes that a person gets to read. */
async function notesOf(run: (listening: typeof context) => Promise<unknown>): Promise<string> {
  const notes: string[] = [];
  await run({ ...context, onEvent: (event) => void (event.type === 'note' && notes.push(event.message)) });
  return notes.join('\n');
}

test('work folders of killed runs go with the next that holds the lock, and it is said', async () => {
  for (const name of ['.partial-a', '.dead-migration-b', '.probe-c'])
    fs.mkdirSync(path.join(backup.project.repository, name));
  const notes = await notesOf((listening) => recover(backup.project, {}, listening));
  for (const name of ['.partial-a', '.dead-migration-b', '.probe-c'])
    expect(notes).toContain(`removed ${name}, left by an interrupted run`);
  expect(stored()).toEqual([]);
});

test('under --json it is said on stderr, and stdout stays one document', async () => {
  fs.mkdirSync(path.join(backup.project.repository, '.partial-a'));
  const { stdout, stderr, exitCode } = await runCli(['create', '--json'], { cwd: backup.root });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: 'removed .partial-a, left by an interrupted run\n' });
  JSON.parse(stdout);
});

test('nobody cleans what somebody works in', async () => {
  fs.mkdirSync(path.join(backup.project.repository, '.partial-a'));
  const lock = acquireLock(backup.project.repository, 'create');
  await expect(create(backup.project, { verify: true, allowPartial: false }, context)).rejects.toMatchObject({
    code: 'LOCKED',
  });
  lock.release();
  expect(stored()).toEqual(['.partial-a']);
});

test('a restore that was killed after its commit is cleaned up once its safety backup is seen to hold all, and it is said', async () => {
  const selected = { id: backup.id, folder: backup.folder, dispose() {} };
  const how = { only: [], allowUnsafeLinks: false, exact: false, dryRun: false, safetyBackup: true };
  const run = () => restore(backup.project, selected, { ...how, confirm: () => Promise.resolve(true) }, context);
  const change = (): void => fs.writeFileSync(path.join(backup.root, 'README.md'), 'changed');
  change();
  let committed = false;
  const recorder = new Recorder(backup.root, {
    killAfter({ kind, label }) {
      committed ||= label.startsWith('rename .migbackup/txn -> ');
      return committed && kind === 'sync';
    },
  });
  await recorder.record(run).catch(() => {});
  expect(committed).toBe(true);
  expect(state().filter((name) => name.startsWith('committed-'))).toHaveLength(1);
  const notes = await notesOf((listening) => create(backup.project, { verify: true, allowPartial: false }, listening));
  expect(notes).toMatch(/removed what the restore of safety-\S+ had replaced: the safety backup holds it/);
  expect(state().filter((name) => name.startsWith('committed-'))).toEqual([]);
});
