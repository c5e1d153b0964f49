import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { resolveProject } from '../../src/core/config/project.ts';
import type { Project } from '../../src/core/model/category.ts';
import { create } from '../../src/core/operations/create.ts';
import { type Policy, prune, type PruneOptions } from '../../src/core/operations/prune.ts';
import { restore } from '../../src/core/operations/restore.ts';
import { undo } from '../../src/core/operations/undo.ts';
import { verify } from '../../src/core/operations/verify.ts';
import { readOperations } from '../../src/core/repository/reports.ts';
import { context } from '../support/real-backup.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';
import { withFault } from '../transaction/support/faults.ts';

const YES = () => Promise.resolve(true);
const NOW = new Date('2026-06-30T12:00:00Z');
const TAKEN = ['2026-01-01', '2026-06-01', '2026-06-20', '2026-06-29', '2026-06-30'];

let made: TempFolder;
let ids: string[];
beforeAll(async () => {
  made = tempFolder();
  writeFileSync(path.join(made.path, 'package.json'), '{}');
  mkdirSync(path.join(made.path, 'deployments'));
  writeFileSync(path.join(made.path, 'deployments/a.json'), '{}');
  const project = resolveProject({ cwd: made.path, env: {} });
  ids = [];
  for (const [at, day] of TAKEN.entries()) {
    const now = () => new Date(`${day}T06:00:00Z`);
    const tags = at === 1 ? { release: '1.4' } : {};
    ids.push((await create(project, { verify: true, allowPartial: false, tags }, { ...context, now })).backupId);
  }
});
afterAll(() => made[Symbol.dispose]());

let temp: TempFolder;
let project: Project;
beforeEach(() => {
  temp = tempFolder();
  cpSync(made.path, temp.path, { recursive: true });
  project = resolveProject({ cwd: temp.path, env: {} });
});
afterEach(() => temp[Symbol.dispose]());

const repository = (...parts: string[]): string => path.join(project.repository, ...parts);
const left = (): string[] => readdirSync(project.repository).filter((name) => /^(migration|safety|\.)/.test(name));

/** What the operation log says that prune removed, each as often as it says so. */
const pruned = (): unknown[] =>
  readOperations(project.repository).flatMap(({ operation, backupId }) => (operation === 'prune' ? [backupId] : []));

function run(policy: Partial<Policy>, options: Partial<PruneOptions> = {}) {
  const all = { policy: { keepSafety: 1, ...policy }, dryRun: false, confirm: YES, ...options };
  return prune(project, all, { ...context, now: () => NOW });
}

describe('what stays', () => {
  test.each<[string, Partial<Policy>, number[]]>([
    ['the last two', { keepLast: 2 }, [3, 4]],
    ['more than there are', { keepLast: 9 }, [0, 1, 2, 3, 4]],
    ['those of a month', { keepWithinMs: 29 * 86_400_000 }, [2, 3, 4]],
    ['a label, and the newest that verifies all the same', { keepTags: [{ release: '1.4' }] }, [1, 4]],
    ['any rule is enough', { keepLast: 1, keepTags: [{ release: '1.4' }], keepWithinMs: 2 * 86_400_000 }, [1, 3, 4]],
  ])('%s', async (_what, policy, expected) => {
    const planned = await run(policy, { dryRun: true });
    if (planned.remove.length > 0) expect(planned.durationMs).toBeGreaterThan(1);
    expect(left()).toEqual(ids);
    const report = await run(policy);
    expect(report.remove).toEqual(planned.remove);
    expect(left()).toEqual(expected.map((at) => ids[at]));
  });

  test('the newest that verifies, not the newest: a damaged one is no way back', async () => {
    for (const id of ids.slice(3)) truncateSync(repository(id, 'legacy-json.tar.zst'), 10);
    const report = await run({ keepTags: [{ never: '' }] });
    expect(report.newestVerified).toBe(ids[2]);
    expect(left()).toEqual([ids[2]]);
  });

  test('everything, where nothing verifies', async () => {
    for (const id of ids) truncateSync(repository(id, 'legacy-json.tar.zst'), 10);
    expect(await run({ keepLast: 1 })).toMatchObject({ remove: [], findings: [{ code: 'none-verifies' }] });
    expect(left()).toEqual(ids);
  });

  test('what cannot be read, and it counts for no rule', async () => {
    rmSync(repository(ids[4] ?? '', 'BACKUP_MANIFEST.json'));
    await run({ keepLast: 1 });
    expect(left()).toEqual([ids[3], ids[4]]);
  });

  test('what undo needs, though it is not among the last safety backups', async () => {
    const selected = { id: ids[4] ?? '', folder: repository(ids[4] ?? ''), dispose() {} };
    const options = {
      only: [],
      allowUnsafeLinks: false,
      exact: false,
      dryRun: false,
      safetyBackup: true,
      confirm: YES,
    };
    rmSync(path.join(temp.path, 'deployments/a.json'));
    const first = await restore(project, selected, options, context);
    rmSync(path.join(temp.path, 'deployments/a.json'));
    const second = await restore(project, selected, options, context);
    await run({ keepLast: 1, keepSafety: 0 });
    expect(existsSync(repository(first.safetyBackup ?? ''))).toBe(false);
    expect(existsSync(repository(second.safetyBackup ?? ''))).toBe(true);
    await undo(project, { dryRun: false, confirm: YES }, context);
    expect(existsSync(path.join(temp.path, 'deployments/a.json'))).toBe(false);
  });
});

test('without a yes nothing goes', async () => {
  await expect(run({ keepLast: 1 }, { confirm: () => Promise.resolve(false) })).rejects.toMatchObject({
    code: 'CONFIRMATION_REQUIRED',
  });
  expect(left()).toEqual(ids);
});

test('killed or failing at any moment, each backup is whole or none, and the next run cleans up', async () => {
  const changing = /^(renameSync|unlinkSync|rmdirSync|rmSync) .*(migration|\.dead)-/;
  const { calls } = await withFault(null, () => run({ keepLast: 3 }));
  // Each change, counted from 1, and what comes right after it: between them a backup is gone and not on record yet.
  const changes = calls.flatMap((call, at) => (changing.test(call) ? [at + 1, at + 2] : []));
  const moments = [...new Set(changes)];
  expect(moments.length).toBeGreaterThanOrEqual(4);
  let fired = 0;
  for (const code of ['kill', 'EIO', 'EACCES'] as const) {
    for (const at of moments) {
      rmSync(project.repository, { recursive: true });
      // Each run begins as the first one did.
      rmSync(path.join(project.root, '.migbackup'), { recursive: true });
      cpSync(path.join(made.path, '.migbackup'), path.join(project.root, '.migbackup'), { recursive: true });
      cpSync(path.join(made.path, 'backups'), project.repository, { recursive: true });
      const outcome = await withFault({ at, code }, () => run({ keepLast: 3 }));
      if (outcome.fired !== null) fired++;
      for (const id of left().filter((name) => name.startsWith('migration-'))) {
        const selected = { id, folder: repository(id), dispose() {} };
        const { status } = await verify(selected, { mode: 'full', repository: null }, context);
        expect(status, `${code} at ${at}: ${id}`).toBe('PASSED');
      }
      await run({ keepLast: 3 });
      expect(left(), `${code} at ${at}`).toEqual(ids.slice(2));
      expect(pruned(), `${code} at ${at}`).toEqual(ids.slice(0, 2));
    }
  }
  expect(fired).toBe(moments.length * 3);
});
