import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { resolveProject } from '../../src/core/config/project.ts';
import { select } from '../../src/core/import-v1/open-backup.ts';
import type { Project } from '../../src/core/model/category.ts';
import type { Context } from '../../src/core/model/event.ts';
import { create } from '../../src/core/operations/create.ts';
import { listRemote } from '../../src/core/operations/list/remote.ts';
import { pruneRemote } from '../../src/core/operations/prune/remote.ts';
import { pull } from '../../src/core/operations/pull.ts';
import { push } from '../../src/core/operations/push.ts';
import { requireBackup } from '../../src/core/operations/require.ts';
import { restoreTo } from '../../src/core/operations/restore.ts';
import { status } from '../../src/core/operations/status.ts';
import { verify } from '../../src/core/operations/verify.ts';
import { verifyStored } from '../../src/core/operations/verify/stored.ts';
import { FolderRemote } from '../../src/core/repository/remotes/folder-remote.ts';
import { flipBit } from '../support/flip-bit.ts';
import { context } from '../support/real-backup.ts';
import { rewriteManifest } from '../support/rewrite-backup.ts';
import { makeSampleProject } from '../support/sample-project.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

const confirm = () => Promise.resolve(true);
const stateBefore = process.env['XDG_STATE_HOME'];
const SECRETS = [await generateX25519Identity(), await generateX25519Identity(), await generateX25519Identity()];
const [ALICE = '', BOB = '', EVE = ''] = await Promise.all(SECRETS.map(identityToRecipient));

let temp: TempFolder;
let project: Project;
let id: string;
let remote: string;
let keys: Record<'alice' | 'bob' | 'eve', Context>;

beforeEach(async () => {
  temp = tempFolder();
  onMachine('here');
  remote = path.join(temp.path, 'usb');
  FolderRemote.init(remote);
  const [alice = '', bob = '', eve = ''] = SECRETS.map((secret, at) => {
    const file = path.join(temp.path, `key-${at}`);
    fs.writeFileSync(file, `# a key\n${secret}\n`, { mode: 0o600 });
    return file;
  });
  const withKey = (identity: string): Context => ({ ...context, keys: { identity } });
  keys = { alice: withKey(alice), bob: withKey(bob), eve: withKey(eve) };
  project = await makeProject('a-project-of-ours');
  // Larger than one chunk, and no compression makes it smaller.
  fs.writeFileSync(path.join(project.root, 'deployments/large.bin'), randomBytes(1_000_000));
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

async function makeProject(name: string, encryptTo: readonly string[] | undefined = [ALICE, BOB]): Promise<Project> {
  const root = path.join(temp.path, name);
  await makeSampleProject(root);
  const config = {
    project: 'sample-of-ours',
    preset: 'default',
    remotes: { usb: { url: `file://${remote}`, encryptTo } },
  };
  fs.writeFileSync(path.join(root, 'migbackup.config.json'), JSON.stringify(config));
  return resolveProject({ cwd: root, root, env: {} });
}

/** The same project with other words in its config. */
function encryptingFor(of: Project, encryptTo: readonly string[] | undefined): Project {
  const settings = { url: `file://${remote}`, encryptTo };
  return { ...of, config: { ...of.config, remotes: { usb: settings } } };
}

const pushed = (of: Project = project, how: Context = context) =>
  push(of, { selectors: [id], missing: false, remotes: ['usb'], insecure: false, confirm, cwd: of.root }, how);
const pulled = (of: Project, how: Context) =>
  pull(of, { selector: undefined, remote: 'usb', copy: undefined, insecure: false }, how);
const tagOf = async (of: Project = project, how: Context = context) =>
  (await pushed(of, how)).backups[0]?.copies[0]?.tag ?? '';
const DEMANDS = {
  verified: false,
  rehearsed: false,
  unchanged: false,
  copies: 1,
  insecure: false,
  command: [],
  stdoutToStderr: false,
};
const FROM = { remote: 'usb', insecure: false };
const listed = (of: Project) => listRemote(of, { ...FROM, allProjects: false }, context);
const opened = (of: Project, how: Context, whole: boolean) => select(of, id, of.root, how, { ...FROM, whole });
const folderOf = (of: Project): string => path.join(of.repository, id);

function filesBelow(folder: string): Map<string, Buffer> {
  const entries = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = entries.map((entry) => path.join(entry.parentPath, entry.name));
  return new Map(files.toSorted().map((file) => [path.relative(folder, file), fs.readFileSync(file)]));
}

const objectsOf = (tag: string): string => path.join(remote, 'v1/data', id, tag);

test('each key opens the copy on another machine, and no other one does', async () => {
  await pushed();
  onMachine('there');
  const there = await makeProject('elsewhere');
  for (const how of [keys.alice, keys.bob]) {
    expect(await pulled(there, how)).toMatchObject({ outcome: 'pulled', backupId: id });
    expect(filesBelow(folderOf(there))).toEqual(filesBelow(folderOf(project)));
    fs.rmSync(folderOf(there), { recursive: true });
  }
  await expect(pulled(there, keys.eve)).rejects.toMatchObject({ code: 'KEY_MISSING' });
  await expect(pulled(there, context)).rejects.toMatchObject({ code: 'KEY_MISSING' });
  expect(fs.existsSync(folderOf(there))).toBe(false);
});

test('verify and a restore of a part read it as they read a plain copy', async () => {
  await pushed();
  const stored = await verifyStored(project, id, { ...FROM, whole: false }, context);
  expect(stored.status).toBe('PASSED');
  const whole = await opened(project, keys.alice, true);
  const { status: proven } = await verify(
    whole,
    { mode: 'full', rehearse: true, repository: project.repository },
    context,
  );
  whole.dispose();
  expect(proven).toBe('PASSED');
  const part = await opened(project, keys.bob, false);
  const to = path.join(temp.path, 'part');
  await restoreTo(
    part,
    { to, only: ['leveldb'], allowUnsafeLinks: false, repository: project.repository, owner: false },
    context,
  );
  part.dispose();
  for (const [name, bytes] of filesBelow(to)) expect(fs.readFileSync(path.join(project.root, name))).toEqual(bytes);
  await expect(opened(project, context, false)).rejects.toMatchObject({ code: 'KEY_MISSING' });
});

test('nothing in the remote tells what is in the backup or whose it is', async () => {
  await pushed();
  const names = [...filesBelow(project.root).keys()]
    .filter((file) => !file.startsWith('backups'))
    .flatMap((file) => file.split(path.sep))
    .filter((name) => name.length > 4 && name !== 'migration');
  const words = [
    ...names,
    'sample-of-ours',
    'a-project-of-ours',
    temp.path,
    '"abi"',
    'transactionHash',
    'leveldb',
    'sqlite',
  ];
  const all = Buffer.concat([...filesBelow(path.join(remote, 'v1')).values()]).toString('latin1');
  expect(words.length).toBeGreaterThan(20);
  expect(words.filter((word) => all.includes(word))).toEqual([]);
  // The search finds what is there.
  expect(all).toContain(id);
  // Nor does a part of a file: its archives are not there as they are.
  for (const bytes of filesBelow(folderOf(project)).values())
    expect(all.includes(bytes.subarray(0, 32).toString('latin1'))).toBe(false);
});

test('list says for whom it is encrypted, and whose it is to those who know the project', async () => {
  await pushed();
  const { backups } = await listed(project);
  expect(backups).toMatchObject([
    { backupId: id, completeness: 'complete', project: { id: null, root: null, own: true }, categories: [] },
  ]);
  expect(backups[0]?.copy?.encryptedFor).toEqual([
    expect.stringMatching(/^x25519:[0-9a-f]{32}$/),
    expect.stringMatching(/^x25519:[0-9a-f]{32}$/),
  ]);
  const other = await makeProject('not-the-same');
  const stranger = { ...other, config: { ...other.config, project: 'of-others' } };
  expect(await listed(stranger)).toMatchObject({ backups: [], ofOthers: 1 });
});

test('a copy that is there is not pushed again; for other keys it is', async () => {
  const tag = await tagOf();
  expect((await pushed()).backups[0]?.copies).toMatchObject([{ outcome: 'there', tag }]);
  onMachine('there');
  expect((await pushed()).backups[0]?.copies).toMatchObject([{ outcome: 'there', tag }]);
  expect((await status(project, { remotes: [], insecure: false }, context)).notPushedTo).toEqual([]);
  expect((await requireBackup(project, DEMANDS, context)).met).toBe(true);
  const forEve = encryptingFor(project, [ALICE, EVE]);
  const [again] = (await pushed(forEve)).backups[0]?.copies ?? [];
  expect(again).toMatchObject({ outcome: 'pushed' });
  expect(again?.tag).not.toBe(tag);
  expect((await listed(project)).findings).toMatchObject([{ code: 'copies-differ', severity: 'info' }]);
});

test('a config that encrypts no longer, or for others, is asked about again', async () => {
  const asked: (readonly string[] | null)[] = [];
  const pushing = async (of: Project): Promise<void> => {
    const ask = ({ encryptedFor }: { encryptedFor: readonly string[] | null }) => {
      asked.push(encryptedFor);
      return confirm();
    };
    const how = { selectors: [id], missing: false, remotes: ['usb'], insecure: false, confirm: ask, cwd: of.root };
    await push(of, how, context);
  };
  await pushing(project);
  await pushing(encryptingFor(project, [BOB, ALICE]));
  expect(asked).toEqual([[expect.stringMatching(/^x25519:/), expect.stringMatching(/^x25519:/)]]);
  await pushing(encryptingFor(project, [ALICE, EVE]));
  await pushing(encryptingFor(project, undefined));
  expect(asked).toHaveLength(3);
  expect(asked[2]).toBeNull();
});

test('where copies are to be encrypted, a plain one is not taken', async () => {
  const plain = encryptingFor(project, undefined);
  await pushed(plain);
  await expect(opened(project, keys.alice, true)).rejects.toMatchObject({ code: 'COPY_NOT_ENCRYPTED' });
  await expect(verifyStored(project, id, { ...FROM, whole: false }, context)).rejects.toMatchObject({
    code: 'COPY_NOT_ENCRYPTED',
  });
  expect((await requireBackup(project, DEMANDS, context)).met).toBe(false);
  expect(await status(project, { remotes: [], insecure: false }, context)).toMatchObject({ notPushedTo: ['usb'] });
  expect(await status(plain, { remotes: [], insecure: false }, context)).toMatchObject({ notPushedTo: [] });
  const byUrl = await select(project, id, project.root, context, { ...FROM, remote: `file://${remote}`, whole: true });
  byUrl.dispose();
  expect((await pushed()).backups[0]?.copies).toMatchObject([{ outcome: 'pushed' }]);
});

test('by its URL nothing is pushed in the clear to a place that the config encrypts', async () => {
  const remotes = [`file://${remote}`];
  const how = { selectors: [id], missing: false, remotes, insecure: false, confirm, cwd: project.root };
  await expect(push(project, how, context)).rejects.toMatchObject({
    code: 'USAGE',
    hint: expect.stringContaining('--remote usb'),
  });
  expect(filesBelow(remote).size).toBe(1);
});

test('prune removes old encrypted copies of this project, and none of others', async () => {
  const tag = await tagOf();
  await create(project, { verify: true, allowPartial: false }, context);
  await push(
    project,
    { selectors: ['latest'], missing: false, remotes: ['usb'], insecure: false, confirm, cwd: project.root },
    context,
  );
  const how = { ...FROM, keepLast: 1, keepSafety: 1, dryRun: false, confirm };
  const stranger = { ...project, config: { ...project.config, project: 'of-others' } };
  expect((await pruneRemote(stranger, how, context)).remove).toEqual([]);
  expect((await pruneRemote(project, how, context)).remove).toMatchObject([{ backupId: id }]);
  expect(fs.existsSync(objectsOf(tag))).toBe(false);
});

test.each<[string, readonly string[], RegExp]>([
  ['one key', [ALICE], /only one recipient/],
  ['one key, named twice', [ALICE, ` ${ALICE} `], /only one recipient/],
  ['a passphrase and a key', ['passphrase', ALICE], /do not go together/],
  ['a secret key', [SECRETS[0] ?? '', BOB], /is a secret key/],
  ['a word', ['alice', BOB], /is none of the forms/],
  ['a mistyped key', [`${ALICE.slice(0, -1)}${ALICE.endsWith('q') ? 'p' : 'q'}`, BOB], /is no recipient|mistyped/],
])('%s is refused before anything is sent', async (_what, encryptTo, message) => {
  const pushing = pushed(encryptingFor(project, encryptTo));
  await expect(pushing).rejects.toMatchObject({ code: 'USAGE', message: expect.stringMatching(message) });
  await expect(pushing).rejects.not.toThrow(SECRETS[0]);
  expect(filesBelow(path.join(remote)).size).toBe(1);
});

test('a copy for one key or for a passphrase is possible if that is wanted', async () => {
  const settings = { url: `file://${remote}`, encryptTo: [EVE], singleRecipient: true };
  await pushed({ ...project, config: { ...project.config, remotes: { usb: settings } } });
  (await opened(project, keys.eve, false)).dispose();
  const passphrase = path.join(temp.path, 'passphrase');
  fs.writeFileSync(passphrase, 'correct horse battery staple\n', { mode: 0o600 });
  const know: Context = { ...context, keys: { passphrase } };
  const byPassphrase = encryptingFor(project, ['passphrase']);
  await expect(pushed(byPassphrase)).rejects.toMatchObject({ code: 'KEY_MISSING' });
  const tag = await tagOf(byPassphrase, know);
  const copy = await select(project, id, project.root, know, { ...FROM, copy: tag, whole: false });
  copy.dispose();
  fs.writeFileSync(passphrase, 'correct horse battery stable\n');
  await expect(select(project, id, project.root, know, { ...FROM, copy: tag, whole: false })).rejects.toMatchObject({
    code: 'KEY_MISSING',
  });
}, 60_000);

test('a key or passphrase that others may read is refused', async () => {
  await pushed();
  const file = keys.alice.keys?.identity ?? '';
  fs.chmodSync(file, 0o640);
  await expect(opened(project, keys.alice, false)).rejects.toMatchObject({ code: 'KEY_UNUSABLE' });
});

test('a push that was interrupted goes on with the same bytes, and a changed backup begins with new keys', async () => {
  const state = path.join(temp.path, 'state-here/migbackup');
  const sealing = () => fs.readdirSync(state).filter((name) => name.startsWith('sealing-'));
  /** Ends after some progress, as a signal does. */
  async function cutOff(events: number): Promise<Map<string, Buffer>> {
    const stop = new AbortController();
    let left = events;
    const how: Context = {
      ...context,
      signal: stop.signal,
      onEvent: ({ type }) => {
        if (type === 'progress' && --left === 0) stop.abort();
      },
    };
    await expect(pushed(project, how)).rejects.toMatchObject({ code: 'INTERRUPTED' });
    return filesBelow(path.join(remote, 'v1/data'));
  }
  const first = await cutOff(4);
  expect(first.size).toBeGreaterThan(1);
  const [file = ''] = sealing();
  expect(sealing()).toHaveLength(1);
  expect(fs.statSync(path.join(state, file)).mode & 0o777).toBe(0o600);
  const second = await cutOff(9);
  expect(second.size).toBeGreaterThan(first.size);
  const tag = await tagOf();
  expect(sealing()).toEqual([]);
  const last = filesBelow(path.join(remote, 'v1/data'));
  for (const before of [first, second])
    for (const [name, bytes] of before) expect(last.get(name)?.equals(bytes)).toBe(true);
  expect([...last.keys()].every((name) => name.startsWith(path.join(id, tag)))).toBe(true);
  fs.rmSync(path.join(remote, 'v1'), { recursive: true });

  const cut = await cutOff(4);
  rewriteManifest(folderOf(project), (manifest) => Object.assign(manifest, { note: 'changed meanwhile' }));
  const other = await tagOf();
  const heads = (files: Map<string, Buffer>): string[] =>
    [...files].flatMap(([name, bytes]) => (name.endsWith('.age') ? [bytes.subarray(0, 184).toString('latin1')] : []));
  const after = filesBelow(objectsOf(other));
  expect([...cut.keys()].some((name) => name.startsWith(path.join(id, other)))).toBe(false);
  // No header, and so no key and nonce, occurs with two contents.
  expect(heads(after).filter((head) => heads(cut).includes(head))).toEqual([]);
});

test('what is remembered of a push is used only if every bit of it is right', async () => {
  const tag = await tagOf();
  fs.rmSync(path.join(remote, 'v1'), { recursive: true });
  const state = path.join(temp.path, 'state-here/migbackup');
  const stop = new AbortController();
  const onEvent = ({ type }: { type: string }): void => void (type === 'progress' && stop.abort());
  await expect(pushed(project, { ...context, signal: stop.signal, onEvent })).rejects.toThrow();
  const [name = ''] = fs.readdirSync(state).filter((one) => one.startsWith('sealing-'));
  flipBit(path.join(state, name), 5000);
  expect(await tagOf()).not.toBe(tag);
  (await opened(project, keys.alice, true)).dispose();
});

test.each<[string, (folder: string) => void]>([
  ['two objects changed places', (folder) => swap(path.join(folder, '1.age'), path.join(folder, '2.age'))],
  ['a bit of an object was turned', (folder) => flipBit(path.join(folder, '1.age'), 300)],
  ['a bit of the list was turned', (folder) => flipBit(path.join(folder, '0.age'), 300)],
  ['a bit of the key was turned', (folder) => flipBit(path.join(folder, 'KEYS.age'), 330)],
  ['an object was cut', (folder) => fs.truncateSync(path.join(folder, '1.age'), 190)],
  ['an object is missing', (folder) => fs.rmSync(path.join(folder, '2.age'))],
])('a copy is refused if %s', async (_what, damage) => {
  damage(objectsOf(await tagOf()));
  const there = await makeProject('elsewhere');
  await expect(pulled(there, keys.alice)).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
  expect(fs.existsSync(folderOf(there))).toBe(false);
});

function swap(one: string, other: string): void {
  const [first, second] = [fs.readFileSync(one), fs.readFileSync(other)];
  fs.writeFileSync(one, second);
  fs.writeFileSync(other, first);
}
