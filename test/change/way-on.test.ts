import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { resolveProject } from '../../src/core/config/project.ts';
import { create } from '../../src/core/operations/create.ts';
import { recover } from '../../src/core/operations/recover.ts';
import { restore } from '../../src/core/operations/restore.ts';
import { listBackups } from '../../src/core/repository/catalog.ts';
import { statePaths } from '../../src/core/transaction/state-folder.ts';
import { whyNotFlags } from '../support/file-flags.ts';
import { put } from '../support/files.ts';
import { writeDatabase } from '../support/leveldb/write-database.ts';
import { context } from '../support/real-backup.ts';
import { withReason } from '../support/skipped.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { withFault, type CallName } from '../transaction/support/faults.ts';

/** A project that is about to be restored in place. */
async function makeScene() {
  const temp = tempFolder();
  const root = path.join(temp.path, 'project');
  put(root, 'package.json', '{}');
  put(root, 'deployments/a.json', '{"a": 1}');
  writeDatabase(path.join(root, 'leveldb'), [[Buffer.from('key'), Buffer.from('value')]]);
  const project = resolveProject({ cwd: root, env: {} });
  await create(project, { verify: true, allowPartial: false }, context);
  const [backup] = listBackups(project.repository);
  if (backup === undefined) throw new Error('no backup');
  put(root, 'deployments/a.json', '{"a": 2}');
  fs.rmSync(path.join(root, 'leveldb/CURRENT'));
  const selected = { id: backup.id, folder: backup.folder, dispose() {} };
  const how = { only: [], exact: false, dryRun: false, safetyBackup: true, allowUnsafeLinks: false };
  const run = () => restore(project, selected, { ...how, confirm: () => Promise.resolve(true) }, context);
  return { temp, root, project, backup, run };
}

/** Does something once, as soon as the new database is in its place. */
function onceIn(root: string, act: () => void): (name: CallName) => boolean {
  let done = false;
  let looking = false;
  return () => {
    if (done || looking) return false;
    looking = true;
    const { plan } = statePaths(root);
    done = fs.existsSync(plan) && fs.existsSync(path.join(root, 'leveldb/CURRENT'));
    looking = false;
    if (done) act();
    return false;
  };
}

test('4: what was written into what is taken back is kept and named, beside the safety backup and the line that goes on', async () => {
  const { temp, root, project, backup, run } = await makeScene();
  using _ = temp;
  const write = (): void => fs.writeFileSync(path.join(root, 'leveldb/000006.log'), 'acknowledged');
  const { error } = await withFault(null, run, onceIn(root, write));
  const [safety] = listBackups(project.repository).filter(({ kind }) => kind === 'safety');
  const kept = path.join(root, `.migbackup/set-aside-${safety?.id}/1/leveldb`);
  expect(error).toMatchObject({ code: 'POST_CHECK_FAILED' });
  expect(String(error)).toContain(`what it wrote is kept in ${kept}; the safety backup ${safety?.id} holds what was`);
  expect(error).toHaveProperty('hint', expect.stringMatching(new RegExp(`: migbackup restore ${backup.id}$`)));
  expect(fs.readFileSync(path.join(kept, '000006.log'), 'utf8')).toBe('acknowledged');
  expect(fs.existsSync(path.join(root, 'leveldb/CURRENT'))).toBe(false);
});

test('5: an error of the disk', async () => {
  const { temp, root, project, backup, run } = await makeScene();
  using _ = temp;
  const fail = (): void => {
    throw Object.assign(new Error('EIO'), { code: 'EIO' });
  };
  const { error } = await withFault(null, run, onceIn(root, fail));
  const [safety] = listBackups(project.repository).filter(({ kind }) => kind === 'safety');
  expect(error).toMatchObject({
    code: 'IO',
    message: expect.stringContaining(`the safety backup ${safety?.id} holds`),
  });
  expect(error).toHaveProperty(
    'hint',
    expect.stringMatching(new RegExp(`^Everything was taken back\\..*: migbackup restore ${backup.id}$`)),
  );
});

test('7: both are named, and the line works', async () => {
  const { temp, root, project, run } = await makeScene();
  using _ = temp;
  let failing = false;
  const disturb = onceIn(root, () => (failing = true));
  const { error } = await withFault(null, run, (name) => {
    disturb(name);
    if (failing && name === 'renameSync') throw Object.assign(new Error('EIO'), { code: 'EIO' });
    return false;
  });
  expect(error).toBeDefined();
  const [safety] = listBackups(project.repository).filter(({ kind }) => kind === 'safety');
  expect(error).toMatchObject({
    code: 'ROLLBACK_FAILED',
    message: expect.stringContaining(`; the safety backup ${safety?.id} holds`),
  });
  expect(error).toHaveProperty('hint', expect.stringMatching(/, then run: migbackup recover$/));
  expect(await recover(project, {}, context)).toMatchObject({ outcome: 'taken-back', findings: [] });
});

test.skipIf(whyNotFlags !== null).each(['deployments', 'deployments/a.json'])(
  withReason('where %s is immutable, the hint is how that is ended', whyNotFlags),
  async (name) => {
    const { temp, root, run } = await makeScene();
    using _ = temp;
    execFileSync('chattr', ['+i', path.join(root, name)]);
    try {
      await expect(run()).rejects.toMatchObject({
        code: 'IO',
        message: expect.stringContaining('EPERM: operation not permitted, rename'),
        hint: expect.stringContaining(
          'Everything was taken back. If lsattr shows the flag i or a there, run as root: chattr -i -a PATH. Otherwise run',
        ),
      });
    } finally {
      execFileSync('chattr', ['-i', path.join(root, name)]);
    }
  },
);
