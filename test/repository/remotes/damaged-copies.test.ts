import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { resolveProject } from '../../../src/core/config/project.ts';
import type { Project } from '../../../src/core/model/category.ts';
import { create } from '../../../src/core/operations/create.ts';
import { listRemote } from '../../../src/core/operations/list/remote.ts';
import { pruneRemote } from '../../../src/core/operations/prune/remote.ts';
import { push } from '../../../src/core/operations/push.ts';
import { checkRemote } from '../../../src/core/operations/remote/check.ts';
import { requireBackup } from '../../../src/core/operations/require.ts';
import { verifyStored } from '../../../src/core/operations/verify/stored.ts';
import { context } from '../../support/real-backup.ts';
import { resumArtifacts } from '../../support/rewrite-backup.ts';
import { makeSampleProject } from '../../support/sample-project.ts';
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts';

/** A commit is no proof that the objects of its copy are there: whoever relies on a copy looks at them. */

const DAY_MS = 86_400_000;
let temp: TempFolder;
let root: string;
let project: Project;
let id: string;
const confirm = () => Promise.resolve(true);
const disk = (name = 'disk'): string => path.join(temp.path, name);

function setRemotes(remotes: Readonly<Record<string, string>>): void {
  const config = {
    preset: 'default',
    project: 'sample',
    remotes: Object.fromEntries(Object.entries(remotes).map(([name, url]) => [name, { url }])),
  };
  writeFileSync(path.join(root, 'migbackup.config.json'), JSON.stringify(config));
  project = resolveProject({ cwd: root, root, env: {} });
}

beforeEach(async () => {
  temp = tempFolder();
  process.env['XDG_STATE_HOME'] = path.join(temp.path, 'state');
  root = path.join(temp.path, 'project');
  await makeSampleProject(root);
  setRemotes({ disk: `file://${disk()}` });
  await checkRemote(project, { remote: 'disk', insecure: false, init: true, confirm }, context);
  ({ backupId: id } = await create(project, { verify: true, allowPartial: false }, context));
});
afterEach(() => temp[Symbol.dispose]());

const pushed = (more: Partial<Parameters<typeof push>[1]> = {}) =>
  push(project, { selectors: [], missing: false, remotes: [], insecure: false, confirm, cwd: root, ...more }, context);
const pruned = (more: Partial<Parameters<typeof pruneRemote>[1]> = {}) =>
  pruneRemote(
    project,
    { remote: 'disk', insecure: false, keepLast: 1, keepSafety: 0, dryRun: false, confirm, ...more },
    context,
  );
const verified = async () =>
  (await verifyStored(project, id, { remote: 'disk', insecure: false, whole: false }, context)).status;
const demands = { verified: false, rehearsed: false, unchanged: false, insecure: false, stdoutToStderr: true };
const asked = (copies: number) => requireBackup(project, { ...demands, copies, command: [] }, context);
const objects = (): string[] =>
  readdirSync(disk(), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.parentPath.includes('/v1/data/'))
    .map((entry) => path.join(entry.parentPath, entry.name));
const object = (name: string): string => objects().find((file) => file.endsWith(name)) ?? '';
const age = (file: string, days: number): void => {
  const then = new Date(Date.now() - days * DAY_MS);
  utimesSync(file, then, then);
};

test('prune keeps the newest copy that has its objects, not one that is a commit alone', async () => {
  await pushed();
  const { backupId: newer } = await create(project, { verify: true, allowPartial: false }, context);
  await pushed();
  rmSync(path.join(disk(), 'v1/data', newer), { recursive: true });
  const report = await pruned();
  expect(report.remove).toEqual([]);
  expect(report.keep.find(({ backupId }) => backupId === id)?.reasons).toEqual(['the newest complete one']);
  expect(await verified()).toBe('PASSED');
});

test('what is left of a push is not removed if a push makes a copy of it meanwhile', async () => {
  await pushed();
  rmSync(path.join(disk(), 'v1/commits'), { recursive: true });
  for (const file of objects()) age(file, 9);
  let asks = 0;
  const report = await pruned({
    orphansMs: 7 * DAY_MS,
    async confirm({ orphans }) {
      asks = orphans?.length ?? 0;
      await pushed();
      return true;
    },
  });
  expect(asks).toBe(1);
  expect(report.remove).toEqual([]);
  expect(await verified()).toBe('PASSED');
});

test('what a killed push left in a folder is removed with --orphans, and its folders too', async () => {
  await pushed();
  rmSync(path.join(disk(), 'v1/commits'), { recursive: true });
  writeFileSync(`${object('docs.tar.zst')}.4194000-0123456789ab.tmp`, Buffer.alloc(1000));
  for (const file of objects()) age(file, 9);
  const report = await pruned({ orphansMs: 7 * DAY_MS });
  expect(report.orphans).toMatchObject([{ backupId: id, uploads: 1 }]);
  expect(objects()).toEqual([]);
  expect(existsSync(path.join(disk(), 'v1'))).toBe(false);
});

test('a copy that lacks an object is none for require, and the next push mends it', async () => {
  await pushed();
  expect(await asked(1)).toMatchObject({ met: true });
  rmSync(object('docs.tar.zst'));
  const { met, demands: seen } = await asked(1);
  expect(met).toBe(false);
  expect(seen.find(({ demand }) => demand === 'copies')?.evidence).toMatch(/disk is damaged: docs.tar.zst is missing/);
  expect(await verified()).toBe('FAILED');
  expect(await pushed()).toMatchObject({ backups: [{ copies: [{ outcome: 'pushed' }] }] });
  expect(await verified()).toBe('PASSED');
  expect(await asked(1)).toMatchObject({ met: true });
  expect(await pushed()).toMatchObject({ backups: [{ copies: [{ outcome: 'there' }] }] });
});

test('one place with two names is refused: it would count twice', async () => {
  setRemotes({ disk: `file://${disk()}`, again: `file://${disk()}/` });
  await expect(pushed({ minCopies: 2 })).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining('same place'),
  });
  await expect(asked(2)).rejects.toMatchObject({ code: 'USAGE' });
  expect(await pushed({ remotes: ['again'] })).toMatchObject({ status: 'complete' });
});

test('--missing goes by content: another copy by the same id is not this backup', async () => {
  await pushed();
  const folder = path.join(root, 'backups', id);
  writeFileSync(path.join(folder, 'RESTORE_PROCEDURES.md'), 'another\n');
  resumArtifacts(folder);
  expect(await pushed({ missing: true })).toMatchObject({
    backups: [{ backupId: id, copies: [{ outcome: 'pushed' }] }],
  });
  expect(await pushed({ missing: true })).toMatchObject({ backups: [] });
});

test('--missing pushes to the remotes that answer, and says which does not', async () => {
  setRemotes({ disk: `file://${disk()}`, away: `file://${disk('not-mounted')}` });
  const report = await pushed({ missing: true, minCopies: 1 });
  expect(report).toMatchObject({
    status: 'complete',
    backups: [{ copies: [{ outcome: 'pushed' }, { outcome: 'failed', error: { code: 'NO_SUCH_REMOTE' } }] }],
  });
});

test('a commit in a folder that states a lock is refused: a folder keeps none', async () => {
  await pushed();
  const commits = path.join(disk(), 'v1/commits', id);
  const [name = ''] = readdirSync(commits);
  const file = path.join(commits, name);
  const commit: { statement: string } = JSON.parse(readFileSync(file, 'utf8'));
  const lock = '"lock":{"mode":"compliance","until":"9999-01-01T00:00:00.000Z"}';
  commit.statement = commit.statement.replace('"lock":null', lock);
  writeFileSync(file, JSON.stringify(commit));
  const { backups, findings } = await listRemote(
    project,
    { remote: 'disk', insecure: false, allProjects: true },
    context,
  );
  expect(backups).toEqual([]);
  expect(findings).toMatchObject([{ code: 'copy-refused', message: expect.stringContaining('keeps none') }, {}]);
});

test('a copy that lies under the id of another backup is not shown as that one', async () => {
  await pushed();
  const { backupId: other } = await create(project, { verify: true, allowPartial: false }, context);
  await pushed();
  const data = path.join(disk(), 'v1/data');
  const [tag = ''] = readdirSync(path.join(data, other));
  cpSync(path.join(data, other, tag), path.join(data, id, tag), { recursive: true });
  const commit: { statement: string } = JSON.parse(
    readFileSync(path.join(disk(), 'v1/commits', other, `${tag}.json`), 'utf8'),
  );
  const time = (one: string): string =>
    JSON.parse(readFileSync(path.join(root, 'backups', one, 'BACKUP_MANIFEST.json'), 'utf8')).createdAt;
  commit.statement = commit.statement.replaceAll(other, id).replace(time(other), time(id));
  writeFileSync(path.join(disk(), 'v1/commits', id, `${tag}.json`), JSON.stringify(commit));
  const from2 = { remote: 'disk', copy: tag, insecure: false, whole: false };
  expect(await verifyStored(project, id, from2, context)).toMatchObject({
    status: 'FAILED',
    findings: [{ code: 'manifest-contradicts' }, {}],
  });
  const { select } = await import('../../../src/core/import-v1/open-backup.ts');
  await expect(select(project, id, root, context, from2)).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
});

test('a pull that finds this backup here, and damaged, says so', async () => {
  await pushed();
  const file = path.join(root, 'backups', id, 'docs.tar.zst');
  const bytes = readFileSync(file);
  const middle = Math.floor(statSync(file).size / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  writeFileSync(file, bytes);
  const { pull } = await import('../../../src/core/operations/pull.ts');
  await expect(
    pull(project, { selector: id, remote: 'disk', copy: undefined, insecure: false }, context),
  ).rejects.toMatchObject({ code: 'TARGET_NOT_EMPTY', message: expect.stringContaining('damaged') });
});
