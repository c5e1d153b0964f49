import { appendFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { create } from '../../src/core/operations/create.ts';
import { restore } from '../../src/core/operations/restore.ts';
import { context, makeRealBackup } from '../support/real-backup.ts';

test('where nothing is to do, the older backups are named that differ in what was asked for', async () => {
  using first = await makeRealBackup();
  const { root, project } = first;
  const backup = async (only?: string[]): Promise<string> =>
    (await create(project, { verify: true, allowPartial: false, only }, context)).backupId;
  appendFileSync(path.join(root, 'README.md'), 'more');
  const docs = await backup();
  const partial = await backup(['leveldb']);
  const damaged = await backup();
  rmSync(path.join(project.repository, damaged, 'INDEX.ndjson.zst'));
  appendFileSync(path.join(root, 'scripts/deploy.ts'), '// more');
  const scripts = await backup();

  const older = async (dryRun: boolean, ...only: string[]) => {
    const selected = { id: scripts, folder: path.join(project.repository, scripts), dispose() {} };
    const options = { only, allowUnsafeLinks: true, exact: false, dryRun, safetyBackup: true };
    const report = await restore(project, selected, { ...options, confirm: () => Promise.resolve(true) }, context);
    expect(report.plan?.nothingToDo).toBe(true);
    return report.plan?.olderThatDiffer;
  };
  expect(await older(false)).toEqual([damaged, partial, docs, first.id]);
  for (const dryRun of [false, true]) {
    // What cannot be read, or has nothing of it, is no answer.
    expect(await older(dryRun, 'docs')).toEqual([first.id]);
    expect(await older(dryRun, 'scripts/deploy.ts')).toEqual([docs, first.id]);
    expect(await older(dryRun, 'leveldb')).toEqual([]);
  }
});
