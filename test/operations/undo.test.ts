import {
  constants,
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { restore, type RestoreOptions } from '../../src/core/operations/restore.ts';
import { undo } from '../../src/core/operations/undo.ts';
import type { SelectedBackup } from '../../src/core/repository/selected.ts';
import { compareTrees, readTree, type Tree } from '../support/compare-trees.ts';
import { isPlacing, withFault } from '../transaction/support/faults.ts';
import { context, makeRealBackup, type RealBackup } from '../support/real-backup.ts';

const OURS = ['backups', '.migbackup'];
const YES = () => Promise.resolve(true);

/** The log is opened to be written: the first thing after a commit. */
const isAppend = ([file, flags]: readonly unknown[]): boolean =>
  String(file).endsWith('operations.ndjson') && (Number(flags) & constants.O_APPEND) !== 0;

let backup: RealBackup;
let before: Tree;
beforeEach(async () => {
  backup = await makeRealBackup();
  before = readTree(backup.root, OURS);
});
afterEach(() => backup[Symbol.dispose]());

const inside = (relative: string): string => path.join(backup.root, relative);
const tree = (): Tree => readTree(backup.root, OURS);

/** A folder whose CURRENT is gone is no database to the comparison; its LOCK and LOG are no data all the same. */
function differences(a: Tree, b: Tree): string[] {
  return compareTrees(a, b).filter((line) => !/^leveldb\/(LOCK|LOG|LOG\.old):/.test(line));
}

function run(options: Partial<RestoreOptions> = {}) {
  return restoreFrom({ id: backup.id, folder: backup.folder, dispose() {} }, options);
}

function restoreFrom(selected: SelectedBackup, options: Partial<RestoreOptions> = {}) {
  const defaults = { only: [], allowUnsafeLinks: true, exact: true, dryRun: false, safetyBackup: true, confirm: YES };
  return restore(backup.project, selected, { ...defaults, ...options }, context);
}

const takeBack = () => undo(backup.project, { dryRun: false, confirm: YES }, context);

const DISASTERS: Readonly<Record<string, () => void>> = {
  'everything is deleted'() {
    for (const name of readdirSync(backup.root)) if (!OURS.includes(name)) rmSync(inside(name), { recursive: true });
  },
  'files are cut short'() {
    for (const file of ['deployments/mainnet/Token.json', 'package.json']) truncateSync(inside(file), 5);
  },
  'a folder is replaced by a link'() {
    rmSync(inside('deployments/unified'), { recursive: true });
    symlinkSync('/tmp', inside('deployments/unified'));
  },
  'the database is corrupt'() {
    for (const name of readdirSync(inside('leveldb')))
      if (name.startsWith('MANIFEST') || name === 'CURRENT') rmSync(inside(`leveldb/${name}`));
  },
  'a migration stops half-way'() {
    renameSync(inside('deployments/mainnet'), inside('deployments/mainnet.migrated'));
    writeFileSync(inside('leveldb/000999.ldb'), 'stray');
    mkdirSync(inside('deployments/new'));
    writeFileSync(inside('deployments/new/x y "z" 😀.json'), '{}');
    chmodSync(inside('package.json'), 0o600);
  },
  'a folder stands where a file was'() {
    rmSync(inside('package.json'));
    mkdirSync(inside('package.json/deep'), { recursive: true });
    writeFileSync(inside('package.json/deep/file'), 'kept');
  },
};

describe.each(Object.keys(DISASTERS))('%s', (name) => {
  test('undo brings the disaster back exactly, and undoing that the restored state', async () => {
    DISASTERS[name]?.();
    const destroyed = tree();
    const report = await run();
    expect(report.findings).toEqual([]);
    expect(differences(before, tree())).toEqual([]);
    const undone = await takeBack();
    expect(undone).toMatchObject({ outcome: 'restored', undone: { operation: 'restore' }, stay: [], findings: [] });
    expect(differences(destroyed, tree())).toEqual([]);
    expect(await takeBack()).toMatchObject({ undone: { operation: 'undo' } });
    expect(differences(before, tree())).toEqual([]);
  });
});

test('refuses where nothing was done, and where there is no safety backup rather than take an older one', async () => {
  await expect(takeBack()).rejects.toMatchObject({ code: 'NOTHING_TO_UNDO' });
  rmSync(inside('package.json'));
  await run();
  rmSync(inside('README.md'));
  await run({ safetyBackup: false });
  const now = tree();
  await expect(takeBack()).rejects.toMatchObject({ code: 'NOTHING_TO_UNDO' });
  expect(differences(now, tree())).toEqual([]);
});

test('a safety backup that is gone is no reason to take another', async () => {
  rmSync(inside('package.json'));
  await run();
  rmSync(inside('README.md'));
  const { safetyBackup } = await run();
  rmSync(path.join(backup.project.repository, safetyBackup ?? ''), { recursive: true });
  await expect(takeBack()).rejects.toMatchObject({ code: 'NOTHING_TO_UNDO' });
});

test('what the restore made and somebody changed since stays and is named', async () => {
  rmSync(inside('deployments'), { recursive: true });
  await run();
  appendFileSync(inside('deployments/mainnet/Token.json'), ' ');
  writeFileSync(inside('deployments/unified/later.json'), '{}');
  const report = await takeBack();
  expect(report.stay.toSorted()).toEqual(['deployments/mainnet/Token.json', 'deployments/unified/later.json']);
  expect(existsSync(inside('deployments/mainnet/Token.json'))).toBe(true);
  expect(existsSync(inside('deployments/mainnet/Vault.json'))).toBe(false);
  expect(readdirSync(inside('deployments')).toSorted()).toEqual(['mainnet', 'unified']);
});

test('a database that was restored and written to since stays whole', async () => {
  rmSync(inside('leveldb'), { recursive: true });
  await run();
  const [log] = readdirSync(inside('leveldb')).filter((name) => name.endsWith('.log'));
  appendFileSync(inside(`leveldb/${log}`), 'more');
  const now = readTree(inside('leveldb'));
  expect(await takeBack()).toMatchObject({ stay: ['leveldb'], outcome: 'unchanged' });
  expect(differences(now, readTree(inside('leveldb')))).toEqual([]);
});

test('a database in whose folder something was left out is not swapped as one, and undo keeps all of it', async () => {
  writeFileSync(inside('leveldb/.env'), 'SECRET=1');
  rmSync(inside('leveldb/CURRENT'));
  const destroyed = tree();
  await run();
  expect(existsSync(inside('leveldb/CURRENT'))).toBe(true);
  await takeBack();
  expect(differences(destroyed, tree())).toEqual([]);
});

test('a dry run changes nothing, and its plan can be approved', async () => {
  rmSync(inside('package.json'));
  await run();
  const { plan } = await undo(backup.project, { dryRun: true, confirm: YES }, context);
  expect(differences(before, tree())).toEqual([]);
  const confirm = () => Promise.reject(new Error('asked although the plan was approved'));
  expect(await undo(backup.project, { dryRun: false, plan: plan?.hash, confirm }, context)).toMatchObject({
    outcome: 'restored',
  });
  expect(existsSync(inside('package.json'))).toBe(false);
});

test('a restore that was killed after its commit and before it was logged is the one that is taken back', async () => {
  rmSync(inside('README.md'));
  await run();
  rmSync(inside('package.json'));
  const destroyed = tree();
  let dead = false;
  await withFault(null, run, (name, args) => {
    dead ||= name === 'openSync' && isAppend(args);
    if (dead) throw new Error('killed');
    return false;
  });
  expect(dead).toBe(true);
  expect(compareTrees(before, tree())).toEqual([]);
  const planned = await undo(backup.project, { dryRun: true, confirm: YES }, context);
  expect(planned.undone).toMatchObject({ operation: 'restore', backupId: backup.id });
  expect(planned.plan?.changes.map(({ path: name }) => name)).toEqual(['package.json']);
  await takeBack();
  expect(compareTrees(destroyed, tree())).toEqual([]);
});

test('what a killed run left in the state folder and the repository is cleaned by the next one, and it is said', async () => {
  rmSync(inside('package.json'));
  let dead = false;
  await withFault(null, run, (name, args) => {
    dead ||= name === 'openSync' && isAppend(args);
    if (dead) throw new Error('killed');
    return false;
  });
  mkdirSync(path.join(backup.project.repository, '.partial-migration-x'));
  const said: string[] = [];
  const onEvent = (event: { type: string; message?: string }) => void (event.message && said.push(event.message));
  await undo(backup.project, { dryRun: false, confirm: YES }, { ...context, onEvent });
  expect(said.join('\n')).toMatch(/removed \.partial-migration-x.*\n.*removed what the restore of safety-/);
  expect(readdirSync(inside('.migbackup')).filter((name) => !name.startsWith('lock.db'))).toEqual(['project.json']);
});

test('while a restore is unfinished, --dry-run says so instead of planning from what is in between', async () => {
  rmSync(inside('README.md'));
  let dead = false;
  await withFault(null, run, (name, args) => {
    dead ||= isPlacing(name) && String(args[0]).includes('stage');
    if (dead) throw new Error('killed');
    return false;
  });
  expect(dead).toBe(true);
  await expect(undo(backup.project, { dryRun: true, confirm: YES }, context)).rejects.toMatchObject({
    code: 'UNSAFE_TARGET',
  });
  await expect(run({ dryRun: true })).rejects.toMatchObject({
    code: 'UNSAFE_TARGET',
    hint: expect.stringContaining('recover'),
  });
  await takeBack();
  expect(existsSync(inside('README.md'))).toBe(false);
});
