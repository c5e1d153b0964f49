import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { create } from '../../src/core/operations/create.ts';
import { restoreTo } from '../../src/core/operations/restore/to.ts';
import { listBackups } from '../../src/core/repository/catalog.ts';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import { context, makeRealBackup, type RealBackup } from '../support/real-backup.ts';
import { withFault, type Outcome } from '../transaction/support/faults.ts';

/* What is said when the disk refuses the very last steps, and what stands then. */

let backup: RealBackup;
beforeEach(async () => {
  backup = await makeRealBackup();
});
afterEach(() => backup[Symbol.dispose]());

/** Runs it with one call failing: the first that `matches`, or the first `then` after it. */
async function disturbed(
  code: 'EIO' | 'ENOSPC',
  matches: (call: string) => boolean,
  then: string | null,
  run: () => Promise<unknown>,
): Promise<Outcome<unknown>> {
  let seen = false;
  let failed = false;
  const outcome = await withFault(null, run, (name, args) => {
    const isNow = then === null ? matches(`${name} ${String(args[0])}`) : seen && name === then;
    seen ||= matches(`${name} ${String(args[0])}`);
    if (failed || !isNow) return false;
    failed = true;
    throw Object.assign(new Error(`${code} injected into ${name}`), { code });
  });
  expect(failed).toBe(true);
  return outcome;
}

const take = () => create(backup.project, { verify: true, allowPartial: false }, context);
const ids = (): string[] => listBackups(backup.project.repository).map(({ id }) => id);
const unfinished = (): string[] =>
  fs.readdirSync(backup.project.repository).filter((name) => name.startsWith('.partial'));

/** Whether a run that failed left what it found. */
async function expectNothingMade(run: Promise<Outcome<unknown>>, code: string): Promise<void> {
  const { error } = await run;
  expect(error).toMatchObject({ code, hint: expect.stringContaining('No backup was made') });
  expect(ids()).toEqual([backup.id]);
  expect(unfinished()).toEqual([]);
}

test('a backup whose name the disk does not take is none, as it is said', () =>
  expectNothingMade(
    disturbed('EIO', (call) => /^renameSync .*\.partial-/.test(call), 'fsyncSync', take),
    'IO',
  ));

test.each(['BACKUP_MANIFEST.json', 'RESTORE_PROCEDURES.md', 'ARTIFACTS.sha256'])(
  'a disk that is full when %s is written is full, and not failing',
  (name) => {
    const opened = (call: string): boolean => /^openSync .*\.partial-/.test(call) && call.endsWith(name);
    return expectNothingMade(disturbed('ENOSPC', opened, 'writeSync', take), 'NO_SPACE');
  },
);

test('a work folder that cannot be made whole does not stay', () =>
  expectNothingMade(
    disturbed('ENOSPC', (call) => /^mkdirSync .*checksums$/.test(call), null, take),
    'NO_SPACE',
  ));

test.each(['missing', 'empty'])(
  'a restored folder whose name the disk does not take is none: it was %s',
  async (was) => {
    const to = path.join(backup.root, '../restored');
    const selected = { id: backup.id, folder: backup.folder, dispose() {} };
    if (was === 'empty') fs.mkdirSync(to, 0o700);
    const parent = readTree(path.dirname(to));
    const run = async (): Promise<unknown> => restoreTo(selected, { to, only: [], allowUnsafeLinks: false }, context);
    const named = (call: string): boolean => /^renameSync .*\.restored\.migbackup-/.test(call);
    const { error } = await disturbed('EIO', named, 'fsyncSync', run);
    expect(error).toMatchObject({ code: 'IO', hint: expect.stringContaining('Nothing was restored') });
    expect(compareTrees(parent, readTree(path.dirname(to)))).toEqual([]);
    expect(fs.existsSync(to)).toBe(was === 'empty');
  },
);
