import {
  chmodSync,
  chownSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { resolveProject } from '../../src/core/config/project.ts';
import { create } from '../../src/core/operations/create.ts';
import { restore } from '../../src/core/operations/restore.ts';
import { restoreTo } from '../../src/core/operations/restore/to.ts';
import { undo } from '../../src/core/operations/undo.ts';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import { context } from '../support/real-backup.ts';
import { writeDatabase } from '../support/leveldb/write-database.ts';
import { tempFolder } from '../support/temp-folder.ts';

const OURS = ['backups', '.migbackup'];
const YES = () => Promise.resolve(true);

/** Names and shapes that some restore somewhere once lost. */
const FILES: readonly string[] = [
  'deployments/with space.json',
  'deployments/"double" and \'single\'.json',
  'deployments/😀 emoji.json',
  'deployments/back`tick` $HOME $(x).json',
  'deployments/-rf',
  'deployments/*?[a]{b}.json',
  'deployments/Case.json',
  'deployments/case.json',
  'deployments/.hidden/.deeper/.file',
  'deployments/überall/x.json',
  `deployments/${'long-'.repeat(45)}.json`,
  `deployments/${'deep/'.repeat(40)}bottom.json`,
];

function build(root: string): void {
  mkdirSync(root, { recursive: true });
  writeFileSync(path.join(root, 'package.json'), '{}');
  for (const [at, file] of FILES.entries()) {
    const native = path.join(root, file);
    mkdirSync(path.dirname(native), { recursive: true });
    writeFileSync(native, `content of ${file}\n`.repeat(at));
    utimesSync(native, 1_600_000_000 + at, 1_600_000_000.123 + at);
  }
  mkdirSync(path.join(root, 'deployments/empty/emptier'), { recursive: true });
  mkdirSync(path.join(root, 'deployments/read-only'));
  writeFileSync(path.join(root, 'deployments/read-only/file.json'), '{}');
  chmodSync(path.join(root, 'deployments/read-only/file.json'), 0o400);
  chmodSync(path.join(root, 'deployments/Case.json'), 0o755);
  symlinkSync('Case.json', path.join(root, 'deployments/link'));
  symlinkSync('nowhere at all', path.join(root, 'deployments/dangling'));
  symlinkSync('empty', path.join(root, 'deployments/link-to-folder'));
  lutimesSync(path.join(root, 'deployments/link'), 1_500_000_000, 1_500_000_000);
  chmodSync(path.join(root, 'deployments/read-only'), 0o555);
  chmodSync(path.join(root, 'deployments/empty'), 0o700);
}

test('every shape comes back: --to, in place over nothing, in place over something else, and by undo', async () => {
  using temp = tempFolder();
  const root = path.join(temp.path, 'project "quoted" 😀');
  build(root);
  const before = readTree(root, OURS);
  const project = resolveProject({ cwd: root, env: {} });
  const { backupId: id, folder } = await create(project, { verify: true, allowPartial: false }, context);
  const selected = { id, folder, dispose() {} };

  const to = path.join(temp.path, 'copy');
  await restoreTo(selected, { to, only: [], allowUnsafeLinks: false }, context);
  expect(compareTrees(before, readTree(to))).toEqual([]);

  const options = { only: [], allowUnsafeLinks: false, exact: true, dryRun: false, safetyBackup: true, confirm: YES };
  chmodSync(path.join(root, 'deployments/read-only'), 0o755);
  rmSync(path.join(root, 'deployments'), { recursive: true });
  await restore(project, selected, options, context);
  expect(compareTrees(before, readTree(root, OURS))).toEqual([]);

  chmodSync(path.join(root, 'deployments/read-only'), 0o755);
  for (const file of FILES.slice(0, 8)) rmSync(path.join(root, file));
  for (const file of FILES.slice(0, 4)) mkdirSync(path.join(root, file, 'now a folder'), { recursive: true });
  rmSync(path.join(root, 'deployments/empty'), { recursive: true });
  writeFileSync(path.join(root, 'deployments/empty'), 'now a file');
  rmSync(path.join(root, 'deployments/link'));
  symlinkSync('elsewhere', path.join(root, 'deployments/link'));
  const changed = readTree(root, OURS);
  await restore(project, selected, options, context);
  expect(compareTrees(before, readTree(root, OURS))).toEqual([]);
  await undo(project, { dryRun: false, confirm: YES }, context);
  expect(compareTrees(changed, readTree(root, OURS))).toEqual([]);
});

test.runIf(process.getuid?.() === 0)(
  'owners come back with --owner, by root; undo brings them back by itself',
  async () => {
    using temp = tempFolder();
    const root = path.join(temp.path, 'project');
    const file = path.join(root, 'deployments/a.json');
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, '{}');
    chownSync(file, 1234, 2345);
    const project = resolveProject({ cwd: root, env: {} });
    const { backupId: id, folder } = await create(project, { verify: true, allowPartial: false }, context);
    const selected = { id, folder, dispose() {} };
    const defaults = {
      only: [],
      allowUnsafeLinks: false,
      exact: true,
      dryRun: false,
      safetyBackup: true,
      confirm: YES,
    };
    const owner = (): number[] => [lstatSync(file).uid, lstatSync(file).gid];

    chownSync(file, 0, 0);
    expect(await restore(project, selected, defaults, context)).toMatchObject({ outcome: 'unchanged' });
    await restore(project, selected, { ...defaults, owner: true }, context);
    expect(owner()).toEqual([1234, 2345]);
    writeFileSync(file, 'changed');
    await restore(project, selected, defaults, context);
    expect(owner()).toEqual([0, 0]);
    await undo(project, { dryRun: false, confirm: YES }, context);
    expect(owner()).toEqual([1234, 2345]);
  },
);

test('bits that no restore sets are named', async () => {
  using temp = tempFolder();
  mkdirSync(path.join(temp.path, 'deployments'));
  writeFileSync(path.join(temp.path, 'deployments/a.json'), '{}');
  chmodSync(path.join(temp.path, 'deployments'), 0o2775);
  chmodSync(path.join(temp.path, 'deployments/a.json'), 0o4755);
  const project = resolveProject({ cwd: temp.path, env: {} });
  const { findings } = await create(project, { verify: true, allowPartial: false }, context);
  const named = findings.filter(({ code }) => code === 'special-bits').map((finding) => finding.path);
  expect(named).toEqual(['deployments', 'deployments/a.json']);
});

test('a time that no restore sets is named, also of a database and its parts', async () => {
  using temp = tempFolder();
  const root = path.join(temp.path, 'project');
  mkdirSync(path.join(root, 'deployments'), { recursive: true });
  const sqlite = path.join(root, 'deployments/app.db');
  using database = new DatabaseSync(sqlite);
  database.exec('CREATE TABLE t (k); INSERT INTO t VALUES (1)');
  const leveldb = path.join(root, 'leveldb');
  writeDatabase(leveldb, [[Buffer.from('key'), Buffer.from('value')]]);
  for (const place of [sqlite, path.join(leveldb, 'CURRENT'), leveldb])
    utimesSync(place, 10_413_792_000, 10_413_792_000);
  const project = resolveProject({ cwd: root, env: {} });
  const { findings } = await create(project, { verify: true, allowPartial: false }, context);
  const named = findings.filter(({ code }) => code === 'time-not-kept').map((finding) => finding.path);
  expect(new Set(named)).toEqual(new Set(['deployments/app.db', 'leveldb', 'leveldb/CURRENT']));
});

test('a time beyond what 64 bits of nanoseconds hold is stored as the latest that they do', async () => {
  using temp = tempFolder();
  const root = path.join(temp.path, 'project');
  const file = path.join(root, 'deployments/a.json');
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, '{}');
  utimesSync(file, 10_413_792_000, 10_413_792_000);
  const project = resolveProject({ cwd: root, env: {} });
  const { backupId: id, folder } = await create(project, { verify: true, allowPartial: false }, context);
  const to = path.join(temp.path, 'to');
  await restoreTo({ id, folder, dispose() {} }, { to, only: [], allowUnsafeLinks: false }, context);
  expect(lstatSync(path.join(to, 'deployments/a.json')).mtime.getUTCFullYear()).toBe(2262);
  // The file itself is as the backup knows it, so a restore in place has nothing to do.
  const selected = { id, folder, dispose() {} };
  const options = { only: [], allowUnsafeLinks: false, exact: false, safetyBackup: true, dryRun: true, confirm: YES };
  const { plan } = await restore(project, selected, options, context);
  expect(plan).toMatchObject({ nothingToDo: true });
});
