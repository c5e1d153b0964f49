import { appendFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Project } from '../../src/core/model/category.ts';
import { create } from '../../src/core/operations/create.ts';
import { cutPart } from '../../src/core/operations/export/cut-part.ts';
import { restore } from '../../src/core/operations/restore.ts';
import type { SelectedBackup } from '../../src/core/repository/selected.ts';
import { context, makeRealBackup } from '../support/real-backup.ts';

async function olderThan(
  project: Project,
  backup: string | SelectedBackup,
  only: string[] = [],
  dryRun = true,
): Promise<string[] | undefined> {
  const selected =
    typeof backup === 'string' ? { id: backup, folder: path.join(project.repository, backup), dispose() {} } : backup;
  const options = { only, allowUnsafeLinks: true, exact: false, dryRun, safetyBackup: true };
  const report = await restore(project, selected, { ...options, confirm: () => Promise.resolve(true) }, context);
  expect(report.plan?.nothingToDo).toBe(true);
  return report.plan?.olderThatDiffer;
}

test('where nothing is to do, the older backups are named that differ in what was asked for', async () => {
  using first = await makeRealBackup();
  const { root, project } = first;
  const backup = async (only?: string[]): Promise<string> =>
    (await create(project, { verify: true, allowPartial: false, only }, context)).backupId;
  appendFileSync(path.join(root, 'README.md'), 'more');
  const docs = await backup();
  await backup(['leveldb']);
  const damaged = await backup();
  rmSync(path.join(project.repository, damaged, 'INDEX.ndjson.zst'));
  appendFileSync(path.join(root, 'scripts/deploy.ts'), '// more');
  const scripts = await backup();

  const older = (dryRun: boolean, ...only: string[]) => olderThan(project, scripts, only, dryRun);
  // The partial one says nothing about what differs.
  expect(await older(false)).toEqual([damaged, docs, first.id]);
  for (const dryRun of [false, true]) {
    // What cannot be read, or has nothing of it, is no answer.
    expect(await older(dryRun, 'docs')).toEqual([first.id]);
    expect(await older(dryRun, 'scripts/deploy.ts')).toEqual([docs, first.id]);
    expect(await older(dryRun, 'leveldb')).toEqual([]);
  }
});

test('a partial backup is compared in what both backups are about', async () => {
  using first = await makeRealBackup();
  const { root, project } = first;
  const backup = async (only?: string[]): Promise<string> =>
    (await create(project, { verify: true, allowPartial: false, only }, context)).backupId;
  const database = await backup(['leveldb']);
  expect(await olderThan(project, database)).toEqual([]);
  const whole = { id: first.id, folder: first.folder, dispose() {} };
  const part = await cutPart(whole, ['docs', 'scripts'], context);
  expect(await olderThan(project, part)).toEqual([]);
  part.dispose();

  appendFileSync(path.join(root, 'README.md'), 'more');
  const docs = await backup(['docs']);
  // The one of the database has nothing of it.
  expect(await olderThan(project, docs)).toEqual([first.id]);
  appendFileSync(path.join(root, 'scripts/deploy.ts'), '// more');
  const all = await backup();
  expect(await olderThan(project, all)).toEqual([first.id]);
  appendFileSync(path.join(root, 'README.md'), 'still more');
  expect(await olderThan(project, await backup())).toEqual([all, docs, first.id]);
});
