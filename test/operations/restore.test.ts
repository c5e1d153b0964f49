import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { ClassicLevel } from 'classic-level';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { restore, type RestoreOptions } from '../../src/core/operations/restore.ts';
import type { RestoreReport } from '../../src/core/model/restore-report.ts';
import { compareTrees, readTree, type Tree } from '../support/compare-trees.ts';
import { context, makeRealBackup, type RealBackup } from '../support/real-backup.ts';

const OURS = ['backups', '.migbackup'];

let backup: RealBackup;
let before: Tree;
beforeEach(async () => {
  backup = await makeRealBackup();
  before = readTree(backup.root, OURS);
});
afterEach(() => backup[Symbol.dispose]());

const inside = (relative: string): string => path.join(backup.root, relative);

function run(options: Partial<RestoreOptions> = {}, id = backup.id): Promise<RestoreReport> {
  const selected = { id, folder: path.join(backup.project.repository, id), dispose() {} };
  const defaults = { only: [], allowUnsafeLinks: true, exact: false, dryRun: false, safetyBackup: true };
  return restore(backup.project, selected, { ...defaults, confirm: () => Promise.resolve(true), ...options }, context);
}

/** What can befall a project. */
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
      if (name.startsWith('MANIFEST')) rmSync(inside(`leveldb/${name}`));
  },
  'a migration stops half-way'() {
    renameSync(inside('deployments/mainnet'), inside('deployments/mainnet.migrated'));
    writeFileSync(inside('leveldb/000999.ldb'), 'stray');
    mkdirSync(inside('deployments/new'));
    writeFileSync(inside('deployments/new/x y "z" 😀.json'), '{}');
    chmodSync(inside('package.json'), 0o600);
  },
  'a file stands where a folder was'() {
    rmSync(inside('deployments/sepolia'), { recursive: true });
    writeFileSync(inside('deployments/sepolia'), 'no folder');
  },
};

describe.each(Object.keys(DISASTERS))('%s', (name) => {
  test('restore --exact brings the tree back, and the safety backup brings the disaster back', async () => {
    DISASTERS[name]?.();
    const destroyed = readTree(backup.root, OURS);
    expect(compareTrees(before, destroyed)).not.toEqual([]);
    const report = await run({ exact: true });
    expect(compareTrees(before, readTree(backup.root, OURS))).toEqual([]);
    expect(readdirSync(inside('.migbackup')).filter((left) => !left.startsWith('lock.db'))).toEqual(['project.json']);
    expect((await run({ exact: true })).outcome).toBe('unchanged');
    if (report.safetyBackup === null) throw new Error('no safety backup');
    await run({ exact: true }, report.safetyBackup);
    expect(compareTrees(destroyed, readTree(backup.root, OURS))).toEqual([]);
  });
});

test('what the backup does not have stays without --exact, and unchanged files are not rewritten', async () => {
  writeFileSync(inside('deployments/extra.json'), '{}');
  rmSync(inside('deployments/mainnet/Token.json'));
  const kept = lstatSync(inside('deployments/mainnet/Vault.json')).ino;
  const report = await run();
  expect(existsSync(inside('deployments/extra.json'))).toBe(true);
  expect(report.plan?.keptExtras).toContain('deployments/extra.json');
  expect(lstatSync(inside('deployments/mainnet/Vault.json')).ino).toBe(kept);
  expect(report.restored.files).toBe(1);
});

test('--only touches nothing else', async () => {
  rmSync(inside('leveldb'), { recursive: true });
  writeFileSync(inside('README.md'), 'changed');
  const report = await run({ only: ['leveldb'] });
  expect(report.plan?.changes.every((change) => change.path.startsWith('leveldb'))).toBe(true);
  const changed = compareTrees(before, readTree(backup.root, OURS)).map((line) => line.split(':')[0]);
  expect(changed).toEqual(['README.md']);
});

test('a folder where a file was goes, whole, into the safety backup', async () => {
  rmSync(inside('package.json'));
  mkdirSync(inside('package.json/empty'), { recursive: true });
  const report = await run();
  expect(compareTrees(before, readTree(backup.root, OURS))).toEqual([]);
  expect(report.findings).toEqual([]);
});

test('what the safety backup does not hold is kept aside and named', async () => {
  rmSync(inside('package.json'));
  mkdirSync(inside('package.json/node_modules'), { recursive: true });
  const report = await run();
  expect(compareTrees(before, readTree(backup.root, OURS))).toEqual([]);
  expect(report.findings).toMatchObject([{ code: 'aside-kept', path: 'package.json/node_modules' }]);
});

test('a file that was left out as a secret is no extra: --exact leaves it where it is, also in a mirrored folder', async () => {
  writeFileSync(inside('deployments/.env'), 'KEY=1');
  writeFileSync(inside('leveldb/.env'), 'KEY=2');
  writeFileSync(inside('leveldb/000999.ldb'), 'stray');
  rmSync(inside('leveldb/CURRENT'));
  const report = await run({ exact: true });
  expect(report.plan?.changes.map((change) => change.path)).not.toContain('deployments/.env');
  const changed = compareTrees(before, readTree(backup.root, OURS)).map((line) => line.split(':')[0]);
  expect(changed).toEqual(['deployments/.env', 'leveldb/.env']);
  expect(report.findings).toEqual([]);
});

/** Each refusal leaves the tree as it was. */
describe('refused before anything is touched', () => {
  async function refused(options: Partial<RestoreOptions>, code: string): Promise<void> {
    const now = readTree(backup.root, OURS);
    await expect(run(options)).rejects.toMatchObject({ code });
    expect(compareTrees(now, readTree(backup.root, OURS))).toEqual([]);
  }

  test('a plan that is no longer the approved one', async () => {
    rmSync(inside('package.json'));
    await refused({ plan: 'f'.repeat(64) }, 'PLAN_CHANGED');
    const { plan } = await run({ dryRun: true });
    await run({ plan: plan?.hash, confirm: () => Promise.reject(new Error('asked although the plan was approved')) });
    expect(existsSync(inside('package.json'))).toBe(true);
  });

  test('nobody said yes', async () => {
    rmSync(inside('package.json'));
    await refused({ confirm: () => Promise.resolve(false) }, 'CONFIRMATION_REQUIRED');
  });

  test('part of a database', async () => {
    await refused({ only: ['leveldb/CURRENT'] }, 'USAGE');
  });

  test('nothing selected', async () => {
    await refused({ only: ['no/such/path'] }, 'NOTHING_SELECTED');
  });

  test('a damaged backup, but only where it is damaged', async () => {
    truncateSync(path.join(backup.folder, 'legacy-json.tar.zst'), 10);
    rmSync(inside('leveldb'), { recursive: true });
    await refused({}, 'BACKUP_DAMAGED');
    await refused({ only: ['legacy-json'] }, 'BACKUP_DAMAGED');
    expect((await run({ only: ['leveldb'] })).outcome).toBe('restored');
  });

  test('a link as parent', async () => {
    renameSync(inside('deployments'), inside('moved'));
    symlinkSync('moved', inside('deployments'));
    await refused({ only: ['deployments/mainnet/Token.json'] }, 'UNSAFE_TARGET');
  });

  test('a database that a process holds', async () => {
    const database = new ClassicLevel(inside('leveldb'));
    await database.put('new', 'entry');
    await expect(run()).rejects.toMatchObject({ code: 'DATABASE_HELD' });
    expect(await database.get('new')).toBe('entry');
    await database.close();
  });
});
