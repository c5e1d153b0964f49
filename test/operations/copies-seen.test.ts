import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { renderList } from '../../src/cli/render/list.ts';
import { renderReport } from '../../src/cli/render/report.ts';
import { renderStatus } from '../../src/cli/render/status.ts';
import type { Paint } from '../../src/cli/render/style.ts';
import { resolveProject } from '../../src/core/config/project.ts';
import type { Project } from '../../src/core/model/category.ts';
import { create } from '../../src/core/operations/create.ts';
import { list } from '../../src/core/operations/list.ts';
import { listRemote } from '../../src/core/operations/list/remote.ts';
import { pruneRemote } from '../../src/core/operations/prune/remote.ts';
import { pull } from '../../src/core/operations/pull.ts';
import { push } from '../../src/core/operations/push.ts';
import { report } from '../../src/core/operations/report.ts';
import { requireBackup } from '../../src/core/operations/require.ts';
import { status } from '../../src/core/operations/status.ts';
import { verifyStored } from '../../src/core/operations/verify/stored.ts';
import { FolderRemote } from '../../src/core/repository/remotes/folder-remote.ts';
import { readSeen, rememberSeen } from '../../src/core/repository/remotes/seen-copies.ts';
import { context } from '../support/real-backup.ts';
import { rewriteManifest } from '../support/rewrite-backup.ts';
import { makeSampleProject } from '../support/sample-project.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

const same = (text: string) => text;
const plain: Paint = { good: same, warn: same, bad: same, dim: same, bold: same };
const confirm = () => Promise.resolve(true);
const stateBefore = process.env['XDG_STATE_HOME'];

let temp: TempFolder;
let project: Project;
let id: string;

beforeEach(async () => {
  temp = tempFolder();
  onMachine('here');
  project = await makeProject('project', { off: 'off', usb: 'usb' });
  for (const name of ['off', 'usb']) FolderRemote.init(path.join(temp.path, name));
  ({ backupId: id } = await create(project, { verify: true, allowPartial: false }, context));
});
afterEach(() => {
  if (stateBefore === undefined) delete process.env['XDG_STATE_HOME'];
  else process.env['XDG_STATE_HOME'] = stateBefore;
  temp[Symbol.dispose]();
});

/** What a user knows is kept in their home. */
function onMachine(name: string): void {
  process.env['XDG_STATE_HOME'] = path.join(temp.path, `state-${name}`);
}

async function makeProject(name: string, remotes: Record<string, string>): Promise<Project> {
  const root = path.join(temp.path, name);
  await makeSampleProject(root);
  const urls = Object.entries(remotes).map(([of, folder]) => [of, { url: placeOf(folder) }]);
  const config = { project: 'sample', preset: 'default', remotes: Object.fromEntries(urls) };
  fs.writeFileSync(path.join(root, 'migbackup.config.json'), JSON.stringify(config));
  return resolveProject({ cwd: root, root, env: {} });
}

const placeOf = (folder: string): string => `file://${temp.path}/${folder}`;
const folderOf = (of: Project): string => path.join(of.repository, id);

const pushed = (of: Project, remotes: readonly string[]) =>
  push(of, { selectors: [id], missing: false, remotes, insecure: false, confirm, cwd: of.root }, context);
const listed = (of: Project, remote: string) =>
  listRemote(of, { remote, insecure: false, allProjects: false }, context);
const copiesOf = async (of: Project) =>
  (await list(of, {}, context)).backups.find(({ backupId }) => backupId === id)?.copies;
const standing = (of: Project, remotes: readonly string[] = []) => status(of, { remotes, insecure: false }, context);
const said = async (of: Project, remotes: readonly string[] = []) =>
  renderStatus(await standing(of, remotes), plain)
    .join('\n')
    .replaceAll(/\s+/g, ' ');

function removeCommit(folder: string): void {
  fs.rmSync(path.join(temp.path, folder, 'v1/commits'), { recursive: true });
}

/** So that what comes next has a later time. */
const later = () => new Promise((resolve) => setTimeout(resolve, 5));

test('a push alone is no later look; status says where no copy is known', async () => {
  await pushed(project, ['off']);
  expect(await copiesOf(project)).toMatchObject([{ remote: 'off', seenAt: null, missing: false, lockedUntil: null }]);
  expect(await standing(project)).toMatchObject({ notPushedTo: ['usb'], asked: [] });
  expect(await said(project)).toMatch(
    /copies off \(pushed just now\) missing usb: no copy known .* Next: migbackup push --remote usb$/,
  );
});

test.each<[what: string, look: (of: Project) => Promise<unknown>]>([
  ['list --remote', (of) => listed(of, 'off')],
  ['a push that finds the copy there', (of) => pushed(of, ['off'])],
  [
    'push --missing',
    (of) =>
      push(of, { selectors: [], missing: true, remotes: ['off'], insecure: false, confirm, cwd: of.root }, context),
  ],
  ['verify --remote', (of) => verifyStored(of, id, { remote: 'off', insecure: false, whole: false }, context)],
  ['status --remote', (of) => standing(of, ['off'])],
  [
    'require --copies',
    (of) =>
      requireBackup(
        of,
        {
          verified: false,
          rehearsed: false,
          unchanged: false,
          insecure: false,
          stdoutToStderr: true,
          copies: 1,
          command: [],
        },
        context,
      ),
  ],
])('%s remembers when the copy was seen', async (_, look) => {
  await pushed(project, ['off']);
  await later();
  const before = new Date().toISOString();
  await look(project);
  const [copy] = (await copiesOf(project)) ?? [];
  expect(copy).toMatchObject({ remote: 'off', missing: false });
  expect((copy?.seenAt ?? '') >= before, `${copy?.seenAt} is not before ${before}`).toBe(true);
  expect(await said(project)).toContain('off (pushed just now, seen just now)');
});

test('a copy that a later listing lacks is missing in list, status and report, until it is pushed again', async () => {
  await pushed(project, ['off', 'usb']);
  await later();
  removeCommit('usb');
  // Nobody knows yet.
  expect(await copiesOf(project)).toMatchObject([{ missing: false }, { missing: false }]);
  const asked = await standing(project, ['usb']);
  expect(asked).toMatchObject({ notPushedTo: [], asked: [{ remote: 'usb', place: placeOf('usb'), error: null }] });
  const known = [
    { remote: 'off', seenAt: null, missing: false },
    { remote: 'usb', seenAt: expect.any(String), missing: true },
  ];
  expect(asked.latest?.copies).toMatchObject(known);
  expect(await said(project)).toMatch(
    /missing usb: not there any more \(asked just now\) .* Next: migbackup push --remote usb$/,
  );
  const shown = renderList(await list(project, {}, context), plain)
    .join(' ')
    .replaceAll(/\s+/g, ' ');
  expect(shown).toContain('copies: off (pushed just now); usb: not there any more (asked just now)');
  const selected = { id, folder: folderOf(project), dispose() {} };
  const summary = await report(selected, project, context);
  expect(summary).toMatchObject({ copies: known, notPushedTo: [] });
  expect(renderReport(summary).join('\n')).toMatch(
    /\| off \| [\d-]+T\S+ \| not asked since \| no lock \|\n\| usb \| \S+ \| \*\*not there any more\*\* at \S+ \| no lock \|/,
  );
  await later();
  await pushed(project, ['usb']);
  expect(await copiesOf(project)).toMatchObject([{ missing: false }, { remote: 'usb', missing: false }]);
});

test('a copy that another machine pushed is known once it was seen, if it has the content of the backup here', async () => {
  await pushed(project, ['off']);
  onMachine('there');
  const other = await makeProject('other', { elsewhere: 'off' });
  expect(await standing(other)).toMatchObject({ latest: null });
  expect(await said(other, ['elsewhere'])).toMatch(
    new RegExp(`only there elsewhere has ${id} .* Next: migbackup pull ${id} --remote elsewhere$`),
  );
  await pull(other, { selector: id, remote: 'elsewhere', copy: undefined, insecure: false }, context);
  expect(await standing(other, ['elsewhere'])).toMatchObject({ notPushedTo: [], asked: [{ newer: null }] });
  const { backupId: second } = await create(project, { verify: true, allowPartial: false }, context);
  await push(
    project,
    { selectors: [second], missing: false, remotes: ['off'], insecure: false, confirm, cwd: project.root },
    context,
  );
  expect(await standing(other, ['elsewhere'])).toMatchObject({
    asked: [{ newer: second }],
    next: ['migbackup verify --latest'],
  });
  expect(await copiesOf(other)).toMatchObject([
    { remote: 'elsewhere', place: placeOf('off'), seenAt: expect.any(String), missing: false },
  ]);
  rewriteManifest(folderOf(other), (manifest) => Object.assign(manifest, { note: 'another' }));
  expect(await copiesOf(other)).toEqual([]);
  expect(await standing(other)).toMatchObject({ notPushedTo: ['elsewhere'] });
});

test('a backup that was damaged here since keeps the copies that were pushed', async () => {
  await pushed(project, ['off']);
  fs.rmSync(path.join(folderOf(project), 'checksums'), { recursive: true });
  expect(await copiesOf(project)).toMatchObject([{ remote: 'off', missing: false }]);
});

test('a name that means another place now is not given to a copy in the old one', async () => {
  await pushed(project, ['off']);
  const moved = { ...project, config: { ...project.config, remotes: { off: { url: placeOf('usb') } } } };
  expect(await copiesOf(moved)).toMatchObject([{ remote: placeOf('off'), missing: false }]);
  expect(await standing(moved)).toMatchObject({ notPushedTo: ['off'] });
  const renamed = { ...project, config: { ...project.config, remotes: { far: { url: placeOf('off') } } } };
  expect(await copiesOf(renamed)).toMatchObject([{ remote: 'far' }]);
  expect(await standing(renamed)).toMatchObject({ notPushedTo: [] });
});

test('two repositories that push to one place share what was seen there', async () => {
  await pushed(project, ['off']);
  const other = await makeProject('other', { off: 'off' });
  await later();
  await listed(other, 'off');
  expect(await copiesOf(project)).toMatchObject([{ seenAt: expect.any(String), missing: false }]);
});

test('what prune removed here is no copy and is not missing', async () => {
  await create(project, { verify: false, allowPartial: false }, context);
  const options = { selectors: [], missing: true, remotes: ['off'], insecure: false, confirm, cwd: project.root };
  await push(project, options, context);
  const policy = { keepLast: 1, keepSafety: 0, dryRun: false, confirm };
  const { remove } = await pruneRemote(project, { remote: 'off', insecure: false, ...policy }, context);
  expect(remove).toMatchObject([{ backupId: id }]);
  expect(await copiesOf(project)).toEqual([]);
});

test('a remote in neither config nor log is known where it was asked, and one that gives no answer keeps what was seen', async () => {
  await pushed(project, ['off']);
  await later();
  const url = placeOf('usb');
  const bare = { ...project, config: { ...project.config, remotes: {} } };
  expect(await standing(bare, [url])).toMatchObject({ notPushedTo: [url], asked: [{ remote: url, error: null }] });
  await standing(project, ['off']);
  fs.renameSync(path.join(temp.path, 'off'), path.join(temp.path, 'away'));
  const silent = await standing(project, ['off', 'usb']);
  expect(silent.asked).toMatchObject([{ remote: 'off', error: { code: 'NO_SUCH_REMOTE' } }, { error: null }]);
  expect(silent.latest?.copies).toMatchObject([{ remote: 'off', seenAt: expect.any(String), missing: false }]);
  expect(renderStatus(silent, plain).join('\n')).toMatch(/^ {2}no answer {3}off: /m);
  await expect(standing(project, ['ofx'])).rejects.toMatchObject({ code: 'NO_SUCH_REMOTE' });
});

test('what was pushed while a list was being read is not missing', async () => {
  const asked = new Date();
  await later();
  await pushed(project, ['off']);
  rememberSeen(placeOf('off'), [], asked);
  expect(await copiesOf(project)).toMatchObject([{ seenAt: null, missing: false }]);
  await later();
  rememberSeen(placeOf('off'), [], new Date());
  expect(await copiesOf(project)).toMatchObject([{ seenAt: expect.any(String), missing: true }]);
});

test('a line of the log with a later end of the lock extends it, and is no later push', async () => {
  await pushed(project, ['off']);
  const log = path.join(project.repository, 'reports/operations.ndjson');
  const lines = fs.readFileSync(log, 'utf8').trimEnd().split('\n');
  const record = JSON.parse(lines.at(-1) ?? '');
  for (const lockedUntil of ['2099-02-01T00:00:00.000Z', '2099-01-01T00:00:00.000Z'])
    lines.push(JSON.stringify({ ...record, time: '2098-01-01T00:00:00.000Z', copy: { ...record.copy, lockedUntil } }));
  fs.writeFileSync(log, `${lines.join('\n')}\n`);
  const known = { pushedAt: record.time, lockedUntil: '2099-02-01T00:00:00.000Z' };
  expect(await copiesOf(project)).toMatchObject([known]);
  expect(await said(project)).toContain('off (pushed just now, locked until 2099-02-01)');
});

test.each<[what: string, spoil: (state: string) => void]>([
  ['is not JSON', (state) => spoilSeen(state, 'x')],
  ['is JSON of another shape', (state) => spoilSeen(state, '{"listedAt": 5, "backups": [[1], ["a", "b", 7], null]}')],
  [
    'cannot be written',
    (state) => {
      fs.rmSync(state, { recursive: true });
      fs.writeFileSync(state, '');
    },
  ],
])('if what was seen %s, every command goes on with what was pushed', async (_, spoil) => {
  await pushed(project, ['off']);
  await listed(project, 'off');
  spoil(path.join(process.env['XDG_STATE_HOME'] ?? ''));
  expect(await copiesOf(project)).toMatchObject([{ remote: 'off', seenAt: null, missing: false }]);
  expect((await listed(project, 'off')).backups).toMatchObject([{ backupId: id }]);
});

function spoilSeen(state: string, text: string): void {
  const folder = path.join(state, 'migbackup');
  const files = fs.readdirSync(folder).filter((name) => name.startsWith('seen-'));
  expect(files).toHaveLength(1);
  for (const name of files) fs.writeFileSync(path.join(folder, name), text);
}

test('a thousand copies take some hundred bytes each', () => {
  const copies = Array.from({ length: 1000 }, (_, at) => ({
    id: `migration-2026-11-${String(1 + (at % 28)).padStart(2, '0')}T00-00-00-${String(Math.floor(at / 28)).padStart(3, '0')}Z`,
    tag: at.toString(16).padStart(32, '0'),
    pushedAt: new Date(),
    statement: { lock: { until: '2099-02-01T00:00:00.000Z' }, encryption: null },
  }));
  rememberSeen('s3://bucket/many', copies, new Date());
  const folder = path.join(process.env['XDG_STATE_HOME'] ?? '', 'migbackup');
  const sizes = fs.readdirSync(folder).map((name) => fs.statSync(path.join(folder, name)).size);
  expect(Math.max(...sizes)).toBeLessThan(200_000);
  const count = (): number =>
    [...readSeen('s3://bucket/many').looks.values()].reduce((total, look) => total + look.copies.size, 0);
  expect(count()).toBe(1000);
  // A look for one backup says nothing of the others.
  const [first] = copies;
  rememberSeen('s3://bucket/many', [], new Date(), first?.id);
  expect(count()).toBe(999);
});
