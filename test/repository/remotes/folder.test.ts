import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { create } from '../../../src/core/operations/create.ts';
import { pull } from '../../../src/core/operations/pull.ts';
import { push } from '../../../src/core/operations/push.ts';
import { checkRemote } from '../../../src/core/operations/remote/check.ts';
import { restoreTo } from '../../../src/core/operations/restore.ts';
import { show } from '../../../src/core/operations/show.ts';
import { verify } from '../../../src/core/operations/verify.ts';
import { select } from '../../../src/core/import-v1/open-backup.ts';
import { resolveProject } from '../../../src/core/config/project.ts';
import type { Project } from '../../../src/core/model/category.ts';
import { compareTrees, readTree } from '../../support/compare-trees.ts';
import { context } from '../../support/real-backup.ts';
import { makeSampleProject } from '../../support/sample-project.ts';
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts';

/** A folder as a remote: what is pushed there comes back identical, also where no project and no repository is left. */

let temp: TempFolder;
let root: string;
let folder: string;
let url: string;
let id: string;
const confirm = () => Promise.resolve(true);
const projectOf = (at: string): Project => resolveProject({ cwd: at, root: at, env: {} });

beforeEach(async () => {
  temp = tempFolder();
  process.env['XDG_STATE_HOME'] = path.join(temp.path, 'state');
  root = path.join(temp.path, 'project');
  await makeSampleProject(root);
  writeFileSync(path.join(root, 'migbackup.config.json'), '{"preset": "default", "project": "sample"}\n');
  folder = path.join(temp.path, 'disk');
  url = `file://${folder}`;
  await checkRemote(projectOf(root), { remote: url, insecure: false, init: true, confirm }, context);
  ({ backupId: id } = await create(projectOf(root), { verify: true, allowPartial: false }, context));
});
afterEach(() => temp[Symbol.dispose]());

const pushAll = (project = projectOf(root)) =>
  push(project, { selectors: [], missing: false, remotes: [url], insecure: false, confirm, cwd: root }, context);
const pullTo = (project: Project) =>
  pull(project, { selector: 'latest', remote: url, copy: undefined, insecure: false }, context);

/** Another root without a repository, as on a new machine. */
function newMachine(): Project {
  const at = path.join(temp.path, 'elsewhere');
  mkdirSync(at);
  writeFileSync(path.join(at, 'migbackup.config.json'), readFileSync(path.join(root, 'migbackup.config.json')));
  return projectOf(at);
}

const files = (at: string): string[] =>
  readdirSync(at, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));

const bytesIn = (at: string): Record<string, string> =>
  Object.fromEntries(files(at).map((file) => [path.relative(at, file), readFileSync(file, 'base64')]));

test('what is pushed is pulled identical, and neither is done twice', async () => {
  const first = await pushAll();
  expect(first).toMatchObject({ status: 'complete', backups: [{ backupId: id, copies: [{ outcome: 'pushed' }] }] });
  const before = files(folder).map((file) => [file, statSync(file).mtimeMs]);
  expect(await pushAll()).toMatchObject({ backups: [{ copies: [{ outcome: 'there' }] }] });
  expect(files(folder).map((file) => [file, statSync(file).mtimeMs])).toEqual(before);
  const machine = newMachine();
  expect(await pullTo(machine)).toMatchObject({ outcome: 'pulled', backupId: id });
  const here = path.join(machine.repository, id);
  expect(bytesIn(here)).toEqual(bytesIn(path.join(root, 'backups', id)));
  expect(await pullTo(machine)).toMatchObject({ outcome: 'there' });
  truncateSync(path.join(here, 'leveldb.tar.zst'), 100);
  await expect(pullTo(machine)).rejects.toMatchObject({
    code: 'TARGET_NOT_EMPTY',
    message: expect.stringContaining('damaged'),
  });
});

test('a pull goes on with what an earlier one left, and not with bytes that are wrong', async () => {
  await pushAll();
  const machine = newMachine();
  await pullTo(machine);
  const here = path.join(machine.repository, id);
  const partial = path.join(machine.repository, `.partial-${id}`);
  renameSync(here, partial);
  truncateSync(path.join(partial, 'leveldb.tar.zst'), 100);
  writeFileSync(path.join(partial, 'docs.tar.zst'), 'wrong');
  writeFileSync(path.join(partial, 'foreign'), 'x');
  symlinkSync('/etc/passwd', path.join(partial, 'checksums/link'));
  rmSync(path.join(partial, 'RESTORE_PROCEDURES.md'));
  symlinkSync(path.join(temp.path, 'outside'), path.join(partial, 'RESTORE_PROCEDURES.md'));
  // The prefix of the archive is right and is kept; the other file is found wrong once it is whole, and is fetched again.
  await pullTo(machine);
  expect(bytesIn(here)).toEqual(bytesIn(path.join(root, 'backups', id)));
  expect(readdirSync(temp.path)).not.toContain('outside');
});

test('without its commit there is no copy, whatever objects there are', async () => {
  await pushAll();
  rmSync(path.join(folder, 'v1/commits'), { recursive: true });
  await expect(pullTo(newMachine())).rejects.toMatchObject({ code: 'NO_SUCH_BACKUP' });
  // What is there is not sent again, and the copy exists once its commit does.
  expect(await pushAll()).toMatchObject({ backups: [{ copies: [{ outcome: 'pushed' }] }] });
  await pullTo(newMachineAgain());
});

function newMachineAgain(): Project {
  rmSync(path.join(temp.path, 'elsewhere'), { recursive: true });
  return newMachine();
}

test.each([
  ['cut', (bytes: Buffer) => bytes.subarray(0, bytes.length - 1)],
  ['longer', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('x')])],
  ['altered', (bytes: Buffer) => Buffer.from(bytes.map((byte) => byte ^ 1))],
])('of a copy with an object that is %s nothing is pulled', async (_, change) => {
  await pushAll();
  const object = files(folder).find((file) => file.endsWith('docs.tar.zst')) ?? '';
  writeFileSync(object, change(readFileSync(object)));
  const machine = newMachine();
  await expect(pullTo(machine)).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
  expect(readdirSync(machine.repository)).not.toContain(id);
});

test('a copy is shown, verified and restored where it is, and only what is selected is read', async () => {
  await pushAll();
  const machine = newMachine();
  const from = { remote: url, insecure: false, whole: false };
  const copy = await select(machine, 'latest', root, context, from);
  try {
    expect(await show(copy, { files: true }, context)).toMatchObject({ backupId: id, completeness: 'complete' });
    const options = { mode: 'full', repository: null, terms: ['docs'] } as const;
    expect(await verify(copy, options, context)).toMatchObject({ status: 'PASSED', scope: { mode: 'selection' } });
    const to = path.join(temp.path, 'to');
    await restoreTo(copy, { to, only: ['docs'], allowUnsafeLinks: false }, context);
    expect(compareTrees(readTree(path.join(root, 'docs')), readTree(path.join(to, 'docs')))).toEqual([]);
    expect(readdirSync(to)).toEqual(['README.md', 'docs']);
  } finally {
    copy.dispose();
  }
  const whole = await select(machine, id, root, context, { ...from, whole: true });
  try {
    const to = path.join(temp.path, 'all');
    await restoreTo(whole, { to, only: [], allowUnsafeLinks: false }, context);
    const ours = ['backups', '.migbackup'];
    expect(compareTrees(readTree(root, ours), readTree(to))).toEqual([]);
  } finally {
    whole.dispose();
  }
});

test('a part of a copy that is damaged is not restored, and another part is', async () => {
  await pushAll();
  const object = files(folder).find((file) => file.endsWith('docs.tar.zst')) ?? '';
  writeFileSync(object, Buffer.alloc(statSync(object).size));
  const copy = await select(newMachine(), id, root, context, { remote: url, insecure: false, whole: false });
  const restored = (only: string) =>
    restoreTo(copy, { to: path.join(temp.path, `to-${only}`), only: [only], allowUnsafeLinks: false }, context);
  try {
    await expect(restored('docs')).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
    expect(await restored('leveldb')).toMatchObject({ outcome: 'restored' });
  } finally {
    copy.dispose();
  }
});

test('a folder without the file of remote init is no remote', async () => {
  rmSync(path.join(folder, 'migbackup-remote.json'));
  await expect(pushAll()).rejects.toMatchObject({ code: 'NO_SUCH_REMOTE', hint: expect.stringContaining('Mount') });
  expect(readdirSync(folder)).not.toContain('v1');
});

test('no link in a remote is followed', async () => {
  const outside = path.join(temp.path, 'outside');
  mkdirSync(outside);
  symlinkSync(outside, path.join(folder, 'v1'));
  await expect(pushAll()).rejects.toMatchObject({ code: 'UNSAFE_TARGET' });
  expect(readdirSync(outside)).toEqual([]);
});

test('a backup that is damaged is not pushed', async () => {
  truncateSync(path.join(root, 'backups', id, 'docs.tar.zst'), 10);
  await expect(pushAll()).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
  expect(files(folder).map((file) => path.basename(file))).toEqual(['migbackup-remote.json']);
});
