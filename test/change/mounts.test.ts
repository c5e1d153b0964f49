import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { resolveProject } from '../../src/core/config/project.ts';
import { create } from '../../src/core/operations/create.ts';
import { restore } from '../../src/core/operations/restore.ts';
import { undo } from '../../src/core/operations/undo.ts';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import { context, makeRealBackup } from '../support/real-backup.ts';
import { makeSampleProject } from '../support/sample-project.ts';
import { tempFolder } from '../support/temp-folder.ts';

const OURS = ['backups', '.migbackup'];
const YES = () => Promise.resolve(true);
const OPTIONS = { only: [], allowUnsafeLinks: true, exact: true, dryRun: false, safetyBackup: true, confirm: YES };

/** Mounts until the scope ends, or says why it cannot. */
function mounted(...args: string[]): Disposable & { readonly problem: string | null } {
  const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' });
  const place = args.at(-1) ?? '';
  const problem = status === 0 ? null : `nothing can be mounted here: ${stderr ?? 'there is no mount'}`;
  return { problem, [Symbol.dispose]: () => void (status === 0 && execFileSync('umount', [place])) };
}

test('a bind mount, which has the device number of the project, is refused before anything is touched', async (t) => {
  using backup = await makeRealBackup();
  const deployments = path.join(backup.root, 'deployments/mainnet');
  const behind = path.join(backup.root, '../behind');
  renameSync(deployments, behind);
  mkdirSync(deployments);
  using bind = mounted('--bind', behind, deployments);
  if (bind.problem !== null) t.skip(bind.problem);
  for (const name of readdirSync(deployments)) writeFileSync(path.join(deployments, name), 'broken');
  const before = readTree(backup.root, OURS);
  const stored = readdirSync(backup.project.repository);
  const selected = { id: backup.id, folder: backup.folder, dispose() {} };
  const attempt = restore(backup.project, selected, OPTIONS, context);
  await expect(attempt).rejects.toMatchObject({ code: 'UNSAFE_TARGET', path: deployments });
  expect(compareTrees(before, readTree(backup.root, OURS))).toEqual([]);
  expect(readdirSync(backup.project.repository)).toEqual(stored);
  // What does not lie there can be restored all the same.
  writeFileSync(path.join(backup.root, 'package.json'), 'broken');
  const report = await restore(backup.project, selected, { ...OPTIONS, only: ['package.json'] }, context);
  expect(report.outcome).toBe('restored');
});

test('in an overlay, where the folders of an image cannot be renamed, a database comes back file by file', async (t) => {
  using temp = tempFolder();
  const [lower, upper, work, root] = ['lower', 'upper', 'work', 'project'].map((name) => path.join(temp.path, name));
  for (const folder of [upper, work, root]) mkdirSync(folder ?? '');
  await makeSampleProject(lower ?? '');
  const layers = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  using overlay = mounted('-t', 'overlay', 'overlay', '-o', layers, root ?? '');
  if (overlay.problem !== null) t.skip(overlay.problem);
  const project = resolveProject({ cwd: root ?? '', env: {} });
  const { backupId: id, folder } = await create(project, { verify: true, allowPartial: false }, context);
  const before = readTree(project.root, OURS);
  rmSync(path.join(project.root, 'leveldb/CURRENT'));
  writeFileSync(path.join(project.root, 'leveldb/000777.ldb'), 'half a table');
  const ruined = readTree(project.root, OURS);
  await restore(project, { id, folder, dispose() {} }, OPTIONS, context);
  expect(compareTrees(before, readTree(project.root, OURS))).toEqual([]);
  await undo(project, { dryRun: false, confirm: YES }, context);
  const differences = compareTrees(ruined, readTree(project.root, OURS));
  // A folder without CURRENT is no database to the comparison; its LOCK and LOG are no data all the same.
  expect(differences.filter((line) => !/^leveldb\/(LOCK|LOG|LOG\.old):/.test(line))).toEqual([]);
});
