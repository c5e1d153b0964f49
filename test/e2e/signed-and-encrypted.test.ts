import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { put } from '../support/files.ts';
import { rewriteManifest } from '../support/rewrite-backup.ts';
import { runCli } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

/* Whoever knows for whom a copy is encrypted can make one that opens. Who made it, the signature says. */
const folder = tempFolder();
const at = (...parts: string[]): string => path.join(folder.path, ...parts);
const root = at('project');
let id = '';

async function json(args: readonly string[], exitCode = 0, env: Record<string, string> = {}) {
  const run = await runCli([...args, '--json'], { cwd: root, env: { XDG_STATE_HOME: at('state'), ...env } });
  expect(run, run.stdout + run.stderr).toMatchObject({ exitCode });
  return JSON.parse(run.stdout);
}

const WITH_KEY = { MIGBACKUP_IDENTITY: at('identity') };
const FROM = ['--remote', 'disk', '--yes'];

beforeAll(async () => {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at('mine')]);
  writeFileSync(at('allowed'), `me ${readFileSync(at('mine.pub'), 'utf8')}`);
  const secret = await generateX25519Identity();
  writeFileSync(at('identity'), `${secret}\n`, { mode: 0o600 });
  const encryptTo = [await identityToRecipient(secret)];
  put(root, 'docs/a.md', 'as it was');
  put(
    root,
    'migbackup.config.json',
    JSON.stringify({
      project: 'signed-and-encrypted',
      categories: { docs: { sources: { all: { path: 'docs' } } } },
      remotes: { disk: { url: `file://${at('disk')}`, encryptTo, singleRecipient: true } },
      allowedSigners: '../allowed',
      requireSignature: true,
    }),
  );
  await json(['remote', 'init', 'disk']);
  id = (await json(['create', '--push', '--yes', '--sign', at('mine')])).backupId;
  put(root, 'docs/a.md', 'as it is');
});
afterAll(() => folder[Symbol.dispose]());

const repository = path.join(root, 'backups');

test('a copy is signed and encrypted: it is verified and restored with the key', async () => {
  const verified = await json(['verify', id, '--remote', 'disk', '--deep'], 0, WITH_KEY);
  expect(verified).toMatchObject({ status: 'PASSED', signer: { principal: 'me' } });
  await json(['restore', id, ...FROM], 6);
  for (const more of [[], ['--only', 'docs/a.md']]) {
    put(root, 'docs/a.md', 'as it is');
    expect(await json(['restore', id, ...FROM, ...more], 0, WITH_KEY)).toMatchObject({ outcome: 'restored' });
    expect(readFileSync(path.join(root, 'docs/a.md'), 'utf8')).toBe('as it was');
  }
  put(root, 'docs/a.md', 'as it is');
});

test('no secret is in anything that is printed, logged or kept', async () => {
  const [secret = ''] = readFileSync(at('identity'), 'utf8').trim().split('\n');
  const log = ['--log-level', 'trace', '--log-file', at('log')];
  const said = [
    await runCli(['restore', id, ...FROM, ...log], { cwd: root, env: { ...WITH_KEY, XDG_STATE_HOME: at('state') } }),
    await runCli(['verify', id, '--remote', 'disk', '--deep', '--identity', at('identity'), ...log], { cwd: root }),
    await runCli(['verify', id, '--remote', 'disk', '--deep', '--identity', at('mine'), ...log], { cwd: root }),
  ];
  put(root, 'docs/a.md', 'as it is');
  const files = [at('log'), ...filesBelow(root), ...filesBelow(at('state')), ...filesBelow(at('disk'))];
  const all = [
    ...said.flatMap(({ stdout, stderr }) => [stdout, stderr]),
    ...files.map((file) => readFileSync(file, 'latin1')),
  ];
  expect(said.map(({ exitCode }) => exitCode).slice(0, 2)).toEqual([0, 0]);
  expect(files.length).toBeGreaterThan(20);
  expect(all.filter((text) => text.includes(secret) || text.includes('AGE-SECRET-KEY'))).toEqual([]);
});

const filesBelow = (place: string): string[] =>
  readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));

test.each(['unsigned', 'with the signature of the other'])(
  'a copy that somebody else encrypted for us, %s, is refused',
  async (kind) => {
    renameSync(at('disk'), at('disk-kept'));
    cpSync(repository, at('backups-kept'), { recursive: true });
    await json(['remote', 'init', 'disk']);
    rewriteManifest(path.join(repository, id), (manifest) => Object.assign(manifest, { note: 'forged' }));
    if (kind === 'unsigned') rmSync(path.join(repository, `${id}.sig`));
    await json(['push', id, '--yes']);
    const [tag = ''] = readdirSync(at('disk/v1/data', id));
    expect(readdirSync(at('disk/v1/data', id, tag))).toContain('0.age');
    for (const more of [[], ['--only', 'docs/a.md']])
      expect(await json(['restore', id, ...FROM, ...more], 6, WITH_KEY)).toMatchObject({
        error: { code: 'SIGNATURE_REFUSED' },
      });
    expect(readFileSync(path.join(root, 'docs/a.md'), 'utf8')).toBe('as it is');
    for (const [kept, place] of [
      ['disk-kept', at('disk')],
      ['backups-kept', repository],
    ] as const) {
      rmSync(place, { recursive: true });
      renameSync(at(kept), place);
    }
  },
);
