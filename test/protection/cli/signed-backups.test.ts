import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { put } from '../../support/files.ts';
import { resumArtifacts } from '../../support/rewrite-backup.ts';
import { runCli } from '../../support/run-cli.ts';
import { schemaViolations } from '../../support/schemas.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const folder = tempFolder();
const at = (...parts: string[]): string => path.join(folder.path, ...parts);
const root = at('project');
let id = '';

/** What a command prints with --json. */
async function json(args: readonly string[], exitCode = 0) {
  // After `--` it would be the command's.
  const run = await runCli(args.includes('--json') ? args : [...args, '--json'], { cwd: root });
  expect(run, run.stdout + run.stderr).toMatchObject({ exitCode });
  const document = JSON.parse(run.stdout);
  expect(schemaViolations(document.error ? 'error' : document.operation, document)).toEqual([]);
  return document;
}

function configure(more: object): void {
  const categories = { docs: { sources: { all: { path: 'docs' } } } };
  writeFileSync(path.join(root, 'migbackup.config.json'), JSON.stringify({ categories, ...more }));
}

const publicKey = (name: string): string => readFileSync(at(`${name}.pub`), 'utf8').trim();
const allow = (text: string): void => writeFileSync(at('allowed'), text);
const must = ['--require-signer', 'me', '--allowed-signers', at('allowed')];

beforeAll(async () => {
  for (const name of ['mine', 'strange']) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(name)]);
  put(root, 'docs/a.md', 'as it was');
  configure({});
  id = (await json(['create'])).backupId;
  allow(`me,deputy ${publicKey('mine')}\n`);
});

afterAll(() => folder[Symbol.dispose]());

test('a backup is signed once, and ssh-keygen verifies it', async () => {
  expect((await json(['verify', id, ...must], 4)).findings).toMatchObject([{ code: 'signature-missing' }]);
  const { file, fingerprint } = await json(['sign', id, '--key', at('mine')]);
  expect(file).toBe(path.join(root, 'backups', `${id}.sig`));
  const said = execFileSync('ssh-keygen', ['-l', '-f', at('mine.pub')], { encoding: 'utf8' });
  expect(said).toContain(fingerprint);
  const args = ['-Y', 'verify', '-n', 'migbackup-artifacts-v1', '-I', 'deputy', '-f', at('allowed'), '-s', file];
  execFileSync('ssh-keygen', args, {
    input: readFileSync(path.join(root, 'backups', id, 'checksums/ARTIFACTS.sha256')),
  });
  expect(await json(['sign', id, '--key', at('strange')], 6)).toMatchObject({ error: { code: 'TARGET_NOT_EMPTY' } });
  const signer = { principal: 'me', fingerprint };
  expect(await json(['verify', id, ...must])).toMatchObject({ status: 'PASSED', signer });
  expect((await runCli(['verify', id, ...must], { cwd: root })).stdout).toContain('signed by me, SHA256:');
  expect(await json(['verify', id])).not.toHaveProperty('signer');
  // An export is the same backup. One of an older migbackup has no signature in it, and then that beside it counts.
  cpSync(file, at('away'));
  rmSync(file);
  await json(['export', id, '--output', at('out.zip')]);
  expect(await json(['verify', at('out.zip'), ...must], 4)).toMatchObject({ signer: null, backupStatus: 'PASSED' });
  cpSync(at('away'), at(`${id}.sig`));
  expect(await json(['verify', at('out.zip'), ...must])).toMatchObject({ status: 'PASSED', signer });
  cpSync(at('away'), file);
});

test('--require-signer asks for a file that says whose keys are allowed', async () => {
  expect(await json(['verify', id, '--require-signer', 'me'], 2)).toMatchObject({ error: { code: 'USAGE' } });
  expect(await json(['verify', id, ...must.slice(0, 3), at('nowhere')], 2)).toMatchObject({ error: { code: 'USAGE' } });
});

test('requireSignature without allowedSigners trusts nobody', async () => {
  configure({ requireSignature: true });
  const refused = { error: { code: 'CONFIG_INVALID' } };
  expect(await json(['restore', id, '--yes'], 2)).toMatchObject(refused);
  expect(await json(['restore', id, '--to', at('elsewhere')], 2)).toMatchObject(refused);
});

/** What each changes, and the finding by which a restore is refused. */
const REFUSED: readonly (readonly [string, string | true, () => void, string])[] = [
  ['without a signature', true, () => rmSync(path.join(root, 'backups', `${id}.sig`)), 'signature-missing'],
  ['signed by a key that is not allowed', true, () => allow(`me ${publicKey('strange')}\n`), 'signer-not-allowed'],
  ['signed by somebody else than is required', 'boss', () => {}, 'signer-not-allowed'],
  [
    'whose key is allowed for git alone',
    true,
    () => allow(`me namespaces="git" ${publicKey('mine')}\n`),
    'signer-not-allowed',
  ],
  ['whose key was revoked', true, () => allow(`me valid-before="20200101Z" ${publicKey('mine')}\n`), 'signer-expired'],
  [
    'whose sums were made to agree with other bytes',
    true,
    () => {
      writeFileSync(path.join(root, 'backups', id, 'RESTORE_PROCEDURES.md'), 'forged');
      resumArtifacts(path.join(root, 'backups', id));
    },
    'signature-invalid',
  ],
];

test.each(REFUSED)('a backup %s is not restored where a signature is required', async (_, required, change, code) => {
  const backups = path.join(root, 'backups');
  rmSync(at('kept'), { recursive: true, force: true });
  cpSync(backups, at('kept'), { recursive: true });
  allow(`me ${publicKey('mine')}\n`);
  configure({ allowedSigners: '../allowed', requireSignature: required === true ? true : [required] });
  put(root, 'docs/a.md', 'as it is');
  change();
  const refused = { error: { code: 'SIGNATURE_REFUSED', details: { finding: code } } };
  expect(await json(['restore', id, '--only', 'docs', '--yes'], 6)).toMatchObject(refused);
  expect(await json(['restore', id, '--dry-run'], 6)).toMatchObject(refused);
  expect(await json(['restore', id, '--to', at('elsewhere')], 6)).toMatchObject(refused);
  expect(existsSync(at('elsewhere'))).toBe(false);
  expect(readFileSync(path.join(root, 'docs/a.md'), 'utf8')).toBe('as it is');
  expect((await json(['verify', id], 4)).findings).toMatchObject([{ code }]);
  rmSync(backups, { recursive: true });
  cpSync(at('kept'), backups, { recursive: true });
});

test('a whole forged backup under the name and the signature of another is refused, in whole and in part', async () => {
  configure({ allowedSigners: '../allowed', requireSignature: ['nobody', 'me'] });
  allow(`me ${publicKey('mine')}\n`);
  const other = at('forger');
  cpSync(root, other, { recursive: true });
  const real = path.join(root, 'backups', id);
  const list = readFileSync(path.join(real, 'checksums/ARTIFACTS.sha256'));
  put(other, 'docs/a.md', 'forged');
  const made = await runCli(['create', '--json'], { cwd: other });
  const { folder: forged, backupId } = JSON.parse(made.stdout);
  cpSync(path.join(root, 'backups', `${id}.sig`), path.join(root, 'backups', `${backupId}.sig`));
  cpSync(forged, path.join(root, 'backups', backupId), { recursive: true });
  for (const only of [[], ['--only', 'docs']]) {
    expect(await json(['restore', backupId, '--accept-project', '--yes', ...only], 6)).toMatchObject({
      error: { details: { finding: 'signature-invalid' } },
    });
  }
  // With the list that was signed, it is the bytes that do not fit.
  writeFileSync(path.join(root, 'backups', backupId, 'checksums/ARTIFACTS.sha256'), list);
  for (const only of [[], ['--only', 'docs'], ['--only', 'docs/a.md']])
    for (const how of [
      ['--accept-project', '--yes'],
      ['--to', at('elsewhere')],
    ])
      expect(await json(['restore', backupId, ...how, ...only], 4)).toMatchObject({
        error: { code: 'BACKUP_DAMAGED' },
      });
  expect(readFileSync(path.join(root, 'docs/a.md'), 'utf8')).toBe('as it is');
  rmSync(path.join(root, 'backups', backupId), { recursive: true });
  rmSync(path.join(root, 'backups', `${backupId}.sig`));
});

test('what is signed is restored, and a file inside the project that says who may sign is read before it is replaced', async () => {
  configure({ allowedSigners: 'docs/allowed', requireSignature: true });
  put(root, 'docs/allowed', `me ${publicKey('mine')}\n`);
  expect(await json(['restore', id, '--only', 'docs', '--exact', '--yes'])).toMatchObject({ outcome: 'restored' });
  expect(readFileSync(path.join(root, 'docs/a.md'), 'utf8')).toBe('as it was');
});

test('create signs what it made, before it pushes; what cannot be signed stays here and is not pushed', async () => {
  const disk = at('disk');
  configure({ remotes: { disk: { url: `file://${disk}` } } });
  await json(['remote', 'init', 'disk']);
  const made = await json(['create', '--sign', at('mine'), '--push', '--yes']);
  const args = [
    '-Y',
    'verify',
    '-n',
    'migbackup-artifacts-v1',
    '-I',
    'me',
    '-f',
    at('allowed'),
    '-s',
    made.signature.file,
  ];
  execFileSync('ssh-keygen', args, { input: readFileSync(path.join(made.folder, 'checksums/ARTIFACTS.sha256')) });
  expect(made.copies).toMatchObject([{ outcome: 'pushed' }]);
  const unsigned = await json(['create', '--sign', at('nowhere'), '--push', '--yes'], 3);
  expect(unsigned).toMatchObject({
    status: 'complete',
    signature: null,
    copies: [],
    findings: [{ code: 'not-signed' }],
  });
  expect(await json(['verify', unsigned.backupId])).toMatchObject({ status: 'PASSED' });
  expect((await json(['list', '--remote', 'disk'])).backups).toMatchObject([{ backupId: made.backupId }]);
  expect(await json(['create', '--sign', at('mine'), '--no-verify'], 2)).toMatchObject({ error: { code: 'USAGE' } });
});

test('the config names the key for create, guard and sign', async () => {
  configure({ sign: '../mine' });
  expect(await json(['create'])).toMatchObject({ signature: { fingerprint: expect.stringMatching(/^SHA256:/) } });
  const { backupId } = await json(['create', '--sign', at('strange')]);
  expect(await json(['sign', backupId], 6)).toMatchObject({ error: { code: 'TARGET_NOT_EMPTY' } });
  const guarded = await json(['guard', '--json', '--', process.execPath, '--version']);
  expect(await json(['verify', guarded.backupId, ...must])).toMatchObject({ status: 'PASSED' });
  expect(guarded.signature.file).toBe(path.join(root, 'backups', `${guarded.backupId}.sig`));
});

test.skipIf(process.platform === 'win32')('the agent signs for create, by the public key in the config', async () => {
  execFileSync('ssh-keygen', ['-q', '-t', 'ecdsa', '-N', '', '-f', at('held')]);
  const said = execFileSync('ssh-agent', ['-s', '-a', at('agent')], { encoding: 'utf8' });
  process.env['SSH_AUTH_SOCK'] = at('agent');
  try {
    configure({ sign: '../held.pub' });
    renameSync(at('held'), at('away'));
    const { backupId, signature, findings } = await json(['create'], 3);
    expect({ signature, findings }).toMatchObject({ signature: null, findings: [{ code: 'not-signed' }] });
    execFileSync('ssh-add', ['-q', at('away')]);
    await json(['sign', backupId]);
    allow(`me ${publicKey('mine')}\nyou ${publicKey('held')}\n`);
    const byAgent = ['--require-signer', 'you', '--allowed-signers', at('allowed')];
    expect(await json(['verify', backupId, ...byAgent])).toMatchObject({ status: 'PASSED' });
    const next = await json(['create']);
    expect(await json(['verify', next.backupId, ...byAgent])).toMatchObject({ signer: { principal: 'you' } });
  } finally {
    delete process.env['SSH_AUTH_SOCK'];
    process.kill(Number(/SSH_AGENT_PID=(\d+)/.exec(said)?.[1]));
    configure({});
  }
});

test('guard runs no command if its backup cannot be signed', async () => {
  configure({ sign: '../nowhere' });
  const run = await json(['guard', '--json', '--', process.execPath, '-e', "fs.writeFileSync('docs/ran', '')"], 5);
  expect(run).toMatchObject({ error: { code: 'KEY_UNUSABLE', message: expect.stringContaining('was not run') } });
  expect(existsSync(path.join(root, 'docs/ran'))).toBe(false);
  const { backupId } = run.error.details;
  expect(await json(['sign', backupId, '--key', at('mine')])).toMatchObject({ backupId });
  configure({});
  expect(await json(['sign', backupId], 2)).toMatchObject({ error: { code: 'USAGE' } });
});

test('prune removes the signature with the backup', async () => {
  configure({});
  await json(['create']);
  await json(['prune', '--keep-last', '1', '--yes']);
  expect(existsSync(path.join(root, 'backups', id))).toBe(false);
  expect(existsSync(path.join(root, 'backups', `${id}.sig`))).toBe(false);
});
