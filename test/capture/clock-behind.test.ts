import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { resolveProject } from '../../src/core/config/project.ts';
import type { Context } from '../../src/core/model/event.ts';
import { create } from '../../src/core/operations/create.ts';
import { list } from '../../src/core/operations/list.ts';
import { prune } from '../../src/core/operations/prune.ts';
import { selectBackup } from '../../src/core/repository/select.ts';
import { put } from '../support/files.ts';
import { context } from '../support/real-backup.ts';
import { tempFolder } from '../support/temp-folder.ts';

const at = (ms: number): Context => ({ ...context, now: () => new Date(Date.now() + ms) });
const DAY = 24 * 60 * 60 * 1000;
const OPTIONS = { verify: true, allowPartial: false };

test('after the clock has run back, a new backup is still the latest, and it is said', async () => {
  using temp = tempFolder();
  const repository = path.join(temp.path, 'backups');
  const make = (name: string) => {
    const root = path.join(temp.path, name);
    put(root, 'package.json', `{"name":"${name}"}`);
    put(root, 'deployments/a.json', '{}');
    return { ...resolveProject({ cwd: root, env: {} }), repository };
  };
  const [project, other] = [make('one'), make('other')];
  const future = await create(project, OPTIONS, at(DAY));
  expect(future.findings).toEqual([]);
  writeFileSync(path.join(project.root, 'deployments/a.json'), '{"second": 1}');
  const second = await create(project, OPTIONS, at(0));
  const third = await create(project, OPTIONS, at(0));
  expect(second.findings).toMatchObject([
    { code: 'clock-behind', severity: 'warning', evidence: { backupId: future.backupId } },
  ]);
  expect([future.backupId, second.backupId, third.backupId].toSorted()).toEqual([
    future.backupId,
    second.backupId,
    third.backupId,
  ]);
  const latest = await selectBackup(project, 'latest', { cwd: project.root });
  expect(latest.id).toBe(third.backupId);
  const confirm = (): Promise<boolean> => Promise.resolve(true);
  const policy = { keepLast: 1, keepSafety: 0 };
  const { keep } = await prune(project, { policy, dryRun: true, confirm }, context);
  expect(keep.map(({ backupId }) => backupId)).toEqual([third.backupId]);
  const { backups } = await list(project, {}, context);
  expect(backups.map(({ backupId }) => backupId)).toEqual([third.backupId, second.backupId, future.backupId]);
  // Another project's clock is its own affair.
  expect((await create(other, OPTIONS, at(0))).findings).toEqual([]);
});
