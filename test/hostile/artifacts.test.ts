import { cpSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Project } from '../../src/core/model/category.ts';
import { diffLive } from '../../src/core/operations/diff.ts';
import { exportBackup } from '../../src/core/operations/export.ts';
import { list } from '../../src/core/operations/list.ts';
import { restore, restoreTo } from '../../src/core/operations/restore.ts';
import { select } from '../../src/core/import-v1/open-backup.ts';
import { show } from '../../src/core/operations/show.ts';
import { verify } from '../../src/core/operations/verify.ts';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import { IN_SUITE } from '../support/effort.ts';
import { put } from '../support/files.ts';
import { context } from '../support/real-backup.ts';
import { makeCategories, makeProject } from '../support/source.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';
import { ARTIFACTS, GOOD, FORGED_ID, forgeBackup } from './support/forge-backup.ts';
import { refusal } from './support/refusal.ts';
import { moveOut, THINGS } from './support/things.ts';

const WISH = { only: [], allowUnsafeLinks: false };

let temp: TempFolder;
let project: Project;
let folder: string;
let good: string;
beforeEach(async () => {
  temp = tempFolder();
  project = makeProject(path.join(temp.path, 'project'), makeCategories({ docs: [{ name: 'main', path: '.' }] }));
  ({ folder } = await forgeBackup(project.repository, GOOD, temp.path));
  good = path.join(temp.path, 'good', FORGED_ID);
  cpSync(folder, good, { recursive: true, preserveTimestamps: true });
  mkdirSync(path.join(temp.path, 'outside'));
  put(temp.path, 'outside/precious', 'canary');
});
afterEach(() => temp[Symbol.dispose]());

const everywhere = () =>
  readTree(temp.path, ['project/backups/lock.db', 'project/backups/reports', 'project/.migbackup']);

/** Verify finds it at once and by name, every command is done with it, and the good copy comes back all the while. */
async function judge(artifact: string): Promise<void> {
  const before = everywhere();
  const { backups } = await list(project, {}, context);
  expect(backups).toMatchObject([{ backupId: FORGED_ID }]);
  const selected = await select(project, FORGED_ID, project.root, context);
  const { status, findings } = await verify(selected, { mode: 'full', repository: null }, context);
  expect(status).toBe('FAILED');
  const named = findings.filter(({ severity, path: about }) => severity === 'error' && about?.startsWith(artifact));
  expect(named.length).toBeGreaterThan(0);
  await refusal(show(selected, { files: true }, context));
  await refusal(diffLive(project, selected, context));
  const copy = path.join(temp.path, 'copy');
  const inPlace = { ...WISH, exact: false, dryRun: false, safetyBackup: true, confirm: () => Promise.resolve(true) };
  for (const run of [
    () => exportBackup(selected, { format: 'tar', output: `${copy}.tar` }, context),
    () => restoreTo(selected, { ...WISH, to: copy }, context),
    () => restore(project, selected, inPlace, context),
  ])
    expect(await refusal(run())).toMatchObject({ code: 'BACKUP_DAMAGED' });
  expect(compareTrees(before, everywhere())).toEqual([]);

  await restoreTo(await select(project, good, project.root, context), { ...WISH, to: copy }, context);
  expect(readTree(copy).get('deployments/ok.json')?.content?.toString()).toBe('{"ok":1}');
}

describe.skipIf(process.platform === 'win32').each(ARTIFACTS)('in the place of %s (not on Windows)', (artifact) => {
  test.each(Object.keys(THINGS).filter((thing) => IN_SUITE || !/nothing|itself$/.test(thing)))(
    '%s: FAILED, and nothing comes back',
    async (thing) => {
      THINGS[thing]?.(path.join(folder, artifact), path.join(temp.path, 'outside'));
      await judge(artifact);
    },
  );
});

test.skipIf(process.platform === 'win32')(
  'the folder of the lists is a link: FAILED, and nothing comes back (not on Windows)',
  async () => {
    moveOut(path.join(folder, 'checksums'), path.join(temp.path, 'outside'));
    await judge('checksums');
  },
);
