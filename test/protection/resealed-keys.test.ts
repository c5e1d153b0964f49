import fs from 'node:fs';
import path from 'node:path';
import { Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { resolveProject } from '../../src/core/config/project.ts';
import { select } from '../../src/core/import-v1/open-backup.ts';
import type { Project } from '../../src/core/model/category.ts';
import type { Context } from '../../src/core/model/event.ts';
import { create } from '../../src/core/operations/create.ts';
import { drillKey } from '../../src/core/operations/key/drill.ts';
import { resealKeys } from '../../src/core/operations/key/reseal.ts';
import { pull } from '../../src/core/operations/pull.ts';
import { push } from '../../src/core/operations/push.ts';
import { FolderRemote } from '../../src/core/repository/remotes/folder-remote.ts';
import { put } from '../support/files.ts';
import { context } from '../support/real-backup.ts';
import { tempFolder } from '../support/temp-folder.ts';

/* Copies that are there are opened by new keys without being sent again. */
const confirm = () => Promise.resolve(true);
const folder = tempFolder();
const at = (...parts: string[]): string => path.join(folder.path, ...parts);
const stateBefore = process.env['XDG_STATE_HOME'];
const recipientOf: Record<string, string> = {};
let project: Project;
let id: string;

const withKey = (name: string): Context => ({ ...context, keys: { identity: at(name) } });
const config = (names: readonly string[]) => ({
  usb: { url: `file://${at('usb')}`, encryptTo: names.map((name) => recipientOf[name] ?? ''), singleRecipient: true },
});
const encryptingFor = (...names: string[]): Project => ({
  ...project,
  config: { ...project.config, remotes: config(names) },
});
const ONE = { selector: undefined, remote: undefined, copy: undefined, insecure: false };
const reseal = (of: Project, key: string, more: object = {}) =>
  resealKeys(of, { ...ONE, all: false, confirm, ...more }, withKey(key));
const pushed = (of: Project) =>
  push(of, { selectors: [id], missing: false, remotes: ['usb'], insecure: false, confirm, cwd: of.root }, context);
const open = async (key: string): Promise<void> => {
  (await select(project, id, project.root, withKey(key), { remote: 'usb', insecure: false, whole: true })).dispose();
};
const data = (): string => at('usb/v1/data', id, fs.readdirSync(at('usb/v1/data', id))[0] ?? '');
const keysThere = (): string[] => fs.readdirSync(data()).filter((name) => name.startsWith('KEYS'));

beforeAll(async () => {
  process.env['XDG_STATE_HOME'] = at('state');
  for (const name of ['old', 'new', 'third', 'stranger']) {
    const secret = await generateX25519Identity();
    fs.writeFileSync(at(name), `${secret}\n`, { mode: 0o600 });
    recipientOf[name] = await identityToRecipient(secret);
  }
  const root = at('project');
  put(root, 'docs/a.md', 'as it was');
  put(
    root,
    'migbackup.config.json',
    JSON.stringify({
      project: 'resealed',
      categories: { docs: { sources: { all: { path: 'docs' } } } },
      remotes: config(['old']),
    }),
  );
  project = resolveProject({ cwd: root, root, env: {} });
  ({ backupId: id } = await create(project, { verify: true, allowPartial: false }, context));
});
beforeEach(async () => {
  fs.rmSync(at('usb'), { recursive: true, force: true });
  FolderRemote.init(at('usb'));
  await pushed(project);
});
afterAll(() => {
  if (stateBefore === undefined) delete process.env['XDG_STATE_HOME'];
  else process.env['XDG_STATE_HOME'] = stateBefore;
  folder[Symbol.dispose]();
});

test('the new key opens the copy then, the old one still does, and nothing else was written', async () => {
  const before = fs.readdirSync(data());
  await expect(open('new')).rejects.toMatchObject({ code: 'KEY_MISSING' });
  const report = await reseal(encryptingFor('new', 'third'), 'old');
  expect(report).toMatchObject({ status: 'complete', copies: [{ backupId: id, outcome: 'resealed' }], findings: [] });
  for (const key of ['old', 'new', 'third']) await open(key);
  await expect(open('stranger')).rejects.toMatchObject({ code: 'KEY_MISSING' });
  const added = fs.readdirSync(data()).filter((name) => !before.includes(name));
  expect(added).toEqual([expect.stringMatching(/^KEYS-[0-9a-f]{32}\.age$/)]);
  const elsewhere = { ...project, repository: at('elsewhere') };
  expect(await pull(elsewhere, { ...ONE, selector: id, remote: 'usb' }, withKey('third'))).toMatchObject({
    outcome: 'pulled',
  });
  fs.rmSync(at('elsewhere'), { recursive: true });
});

test('twice is as good as once, with the new key too; a push for the new keys finds the copy there', async () => {
  const rotated = encryptingFor('new');
  await reseal(rotated, 'old');
  expect((await reseal(rotated, 'new')).copies).toMatchObject([{ outcome: 'there' }]);
  expect((await reseal(project, 'old')).copies).toMatchObject([{ outcome: 'there' }]);
  expect(keysThere()).toHaveLength(2);
  expect((await pushed(rotated)).backups[0]?.copies).toMatchObject([{ outcome: 'there' }]);
  // One key hands on what it was handed.
  await reseal(encryptingFor('third'), 'new');
  await open('third');
});

test('a drill with the new key counts for the keys of the config', async () => {
  const rotated = encryptingFor('new');
  await reseal(rotated, 'old');
  const drill = await drillKey(rotated, ONE, withKey('new'));
  expect(drill).toMatchObject({ findings: [], recipients: [drill.openedBy] });
});

test('who has no key to it cannot hand it on, and with --all the others are still resealed', async () => {
  await expect(reseal(encryptingFor('new'), 'stranger')).rejects.toMatchObject({ code: 'KEY_MISSING' });
  expect(keysThere()).toEqual(['KEYS.age']);
  const { backupId: other } = await create(project, { verify: true, allowPartial: false }, context);
  const about = { missing: false, remotes: ['usb'], insecure: false, confirm, cwd: project.root };
  await push(encryptingFor('stranger'), { ...about, selectors: [other] }, context);
  const report = await reseal(encryptingFor('new'), 'old', { all: true });
  expect(report).toMatchObject({
    status: 'partial',
    copies: [
      { backupId: other, outcome: 'failed', error: { code: 'KEY_MISSING' } },
      { backupId: id, outcome: 'resealed' },
    ],
  });
  await open('new');
});

test('nothing is handed on before somebody agreed to whom', async () => {
  const asked: unknown[] = [];
  const refuse = (plan: unknown): Promise<never> => {
    asked.push(plan);
    return Promise.reject(new Error('no'));
  };
  await expect(reseal(encryptingFor('new'), 'old', { confirm: refuse })).rejects.toThrow('no');
  expect(asked).toEqual([{ place: `file://${at('usb')}`, recipients: [expect.stringMatching(/^x25519:/)], copies: 1 }]);
  expect(keysThere()).toEqual(['KEYS.age']);
});

test('what somebody else puts there opens nothing, and keeps nobody out', async () => {
  await reseal(encryptingFor('new'), 'old');
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipientOf['new'] ?? '');
  encrypter.addRecipient(recipientOf['third'] ?? '');
  const forged = await encrypter.encrypt(`${await generateX25519Identity()}\n`);
  fs.writeFileSync(path.join(data(), `KEYS-${'0'.repeat(32)}.age`), forged);
  fs.writeFileSync(path.join(data(), `KEYS-${'1'.repeat(32)}.age`), 'age-encryption.org/v1\n-> X25519 no');
  await open('new');
  await expect(open('third')).rejects.toMatchObject({ code: 'KEY_MISSING' });
});
