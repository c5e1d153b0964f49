import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { put } from '../../support/files.ts';
import { runCli } from '../../support/run-cli.ts';
import { schemaViolations } from '../../support/schemas.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const folder = tempFolder();
const at = (...parts: string[]): string => path.join(folder.path, ...parts);
const root = at('project');
const disk = at('disk');
/** Signed before it was pushed, and not signed at all. */
let signed = '';
let unsigned = '';

async function json(args: readonly string[], exitCode = 0, cwd = root) {
  const run = await runCli([...args, '--json'], { cwd });
  expect(run, run.stdout + run.stderr).toMatchObject({ exitCode });
  const document = JSON.parse(run.stdout);
  expect(schemaViolations(document.error ? 'error' : document.operation, document)).toEqual([]);
  return document;
}

const BASE = {
  project: 'signed-copies',
  categories: { docs: { sources: { all: { path: 'docs' } } } },
  remotes: { disk: { url: `file://${disk}` } },
};
function configure(more: object = { allowedSigners: '../allowed', requireSignature: true }, cwd = root): void {
  writeFileSync(path.join(cwd, 'migbackup.config.json'), JSON.stringify({ ...BASE, ...more }));
}

/** The objects of a copy, by their names below its folder, and its commit. */
function copyOf(id: string) {
  const [tag = ''] = readdirSync(path.join(disk, 'v1/data', id));
  const data = path.join(disk, 'v1/data', id, tag);
  const file = path.join(disk, 'v1/commits', id, `${tag}.json`);
  const { statement } = JSON.parse(readFileSync(file, 'utf8'));
  const signature = path.join(data, readdirSync(data).find((name) => name.endsWith('.sig')) ?? 'none');
  return { tag, data, file, statement: JSON.parse(statement), signature };
}

beforeAll(async () => {
  for (const name of ['mine', 'strange']) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(name)]);
  writeFileSync(at('allowed'), `me ${readFileSync(at('mine.pub'), 'utf8')}`);
  put(root, 'docs/a.md', 'as it was');
  configure();
  await json(['remote', 'init', 'disk']);
  unsigned = (await json(['create', '--push', '--yes'])).backupId;
  signed = (await json(['create', '--sign', at('mine'), '--push'])).backupId;
  cpSync(disk, at('disk-kept'), { recursive: true });
  cpSync(path.join(root, 'backups'), at('backups-kept'), { recursive: true });
});

beforeEach(() => {
  for (const [kept, place] of [
    ['disk-kept', disk],
    ['backups-kept', path.join(root, 'backups')],
  ] as const) {
    rmSync(place, { recursive: true });
    cpSync(at(kept), place, { recursive: true });
  }
  put(root, 'docs/a.md', 'as it is');
  configure();
});

afterAll(() => folder[Symbol.dispose]());

const FROM = ['--remote', 'disk'];

test('a copy has the signature as an object of its own, of which the list of artifacts says nothing', () => {
  const { statement, data, signature } = copyOf(signed);
  const names = statement.objects.map(({ name }: { name: string }) => name);
  expect(names.slice(-2)).toEqual(['checksums/ARTIFACTS.sha256', `${signed}.sig`]);
  expect(readFileSync(signature)).toEqual(readFileSync(path.join(root, 'backups', `${signed}.sig`)));
  expect(readFileSync(path.join(data, 'checksums/ARTIFACTS.sha256'), 'utf8')).not.toContain('.sig');
});

test(
  'where a signature is required, a signed copy is verified, restored and pulled, and an unsigned one is refused',
  { timeout: 90_000 },
  async () => {
    for (const how of [[], ['--deep'], ['--only', 'docs']]) {
      const good = await json(['verify', signed, ...FROM, ...how]);
      expect(good).toMatchObject({ status: 'PASSED', signer: { principal: 'me' } });
      expect((await json(['verify', unsigned, ...FROM, ...how], 4)).findings).toContainEqual(
        expect.objectContaining({ code: 'signature-missing' }),
      );
    }
    for (const how of [
      ['--yes'],
      ['--yes', '--only', 'docs/a.md'],
      ['--to', at('elsewhere')],
      ['--to', at('elsewhere'), '--only', 'docs'],
    ]) {
      put(root, 'docs/a.md', 'as it is');
      expect(await json(['restore', unsigned, ...FROM, ...how], 6)).toMatchObject({
        error: { details: { finding: 'signature-missing' } },
      });
      expect(await json(['restore', signed, ...FROM, ...how])).toMatchObject({ outcome: 'restored' });
      const place = existsSync(at('elsewhere')) ? at('elsewhere') : root;
      expect(readFileSync(path.join(place, 'docs/a.md'), 'utf8')).toBe('as it was');
      rmSync(at('elsewhere'), { recursive: true, force: true });
    }
    configure({});
    const named = ['--require-signer', 'me', '--allowed-signers', at('allowed')];
    expect(await json(['verify', signed, ...FROM, ...named])).toMatchObject({ signer: { principal: 'me' } });
    expect(await json(['verify', signed, ...FROM])).not.toHaveProperty('signer');
  },
);

test('a pulled backup has its signature beside it, and verifies on another machine', async () => {
  const clone = at('clone');
  put(clone, 'docs/a.md', 'as it is');
  configure(undefined, clone);
  await json(['pull', signed], 0, clone);
  expect(await json(['verify', signed], 0, clone)).toMatchObject({ status: 'PASSED', signer: { principal: 'me' } });
  const file = path.join(clone, 'backups', `${signed}.sig`);
  rmSync(file);
  expect(await json(['pull', signed], 0, clone)).toMatchObject({ outcome: 'there' });
  expect(readFileSync(file)).toEqual(readFileSync(path.join(root, 'backups', `${signed}.sig`)));
  rmSync(clone, { recursive: true });
});

test('what was pushed before it was signed is judged by the signature that is here', async () => {
  await json(['sign', unsigned, '--key', at('mine')]);
  expect(await json(['push', unsigned])).toMatchObject({
    backups: [{ copies: [{ outcome: 'there' }] }],
    findings: [{ code: 'copy-without-signature' }],
  });
  expect(await json(['restore', unsigned, ...FROM, '--yes'])).toMatchObject({ outcome: 'restored' });
  rmSync(path.join(root, 'backups', `${unsigned}.sig`));
  expect(await json(['restore', unsigned, ...FROM, '--yes'], 6)).toMatchObject({
    error: { code: 'SIGNATURE_REFUSED' },
  });
});

test('a copy whose signature is damaged counts as unsigned, and is still a copy', async () => {
  appendFileSync(copyOf(signed).signature, 'x');
  rmSync(path.join(root, 'backups', `${signed}.sig`));
  const { findings } = await json(['verify', signed, ...FROM], 4);
  expect(findings.map(({ code }: { code: string }) => code)).toEqual(
    expect.arrayContaining(['copy-altered', 'signature-missing']),
  );
  expect(await json(['restore', signed, ...FROM, '--yes'], 6)).toMatchObject({ error: { code: 'SIGNATURE_REFUSED' } });
  configure({});
  expect(await json(['restore', signed, ...FROM, '--yes'])).toMatchObject({ outcome: 'restored' });
});

test('a push mends a copy without putting another signature over that of its commit', async () => {
  const { data, signature } = copyOf(signed);
  rmSync(path.join(root, 'backups', `${signed}.sig`));
  await json(['sign', signed, '--key', at('strange')]);
  rmSync(path.join(data, 'docs.tar.zst'));
  expect(await json(['push', signed])).toMatchObject({ backups: [{ copies: [{ outcome: 'pushed' }] }] });
  expect(readFileSync(signature)).toEqual(readFileSync(at('backups-kept', `${signed}.sig`)));
  rmSync(path.join(root, 'backups', `${signed}.sig`));
  expect(await json(['verify', signed, ...FROM, '--deep'])).toMatchObject({
    status: 'PASSED',
    signer: { principal: 'me' },
  });
});

test('a signed copy that somebody put under another id is refused, also without fetching it', async () => {
  const { tag, data, file, statement } = copyOf(signed);
  const id = signed.replace(/\d{3}Z$/, (end) => `${String((Number(end.slice(0, 3)) + 1) % 1000).padStart(3, '0')}Z`);
  cpSync(data, path.join(disk, 'v1/data', id, tag), { recursive: true });
  for (const name of readdirSync(path.join(disk, 'v1/data', id, tag)))
    if (name.startsWith(signed))
      renameSync(
        path.join(disk, 'v1/data', id, tag, name),
        path.join(disk, 'v1/data', id, tag, name.replace(signed, id)),
      );
  const createdAt = id.replace(/^.*-(\d{4}-\d\d-\d\dT)(\d\d)-(\d\d)-(\d\d)-(\d{3}Z)$/, '$1$2:$3:$4.$5');
  const objects = statement.objects.map((object: { name: string }) => ({
    ...object,
    name: object.name.replace(signed, id),
  }));
  const forged = {
    statement: JSON.stringify({ ...statement, id, createdAt, objects }),
    manifest: null,
    signatures: [],
  };
  put(path.join(disk, 'v1/commits', id), path.basename(file), JSON.stringify(forged));
  expect((await json(['verify', id, ...FROM], 4)).findings).toContainEqual(
    expect.objectContaining({ code: 'manifest-contradicts' }),
  );
  await json(['restore', id, ...FROM, '--yes'], 4);
});

test('a forged copy with the signature of another is refused', async () => {
  put(root, 'docs/a.md', 'forged');
  configure({});
  const { backupId, folder: made } = await json(['create']);
  writeFileSync(
    path.join(root, 'backups', `${backupId}.sig`),
    readFileSync(path.join(root, 'backups', `${signed}.sig`)),
  );
  await json(['push', backupId]);
  rmSync(made, { recursive: true });
  configure();
  put(root, 'docs/a.md', 'as it is');
  for (const how of [[], ['--only', 'docs/a.md']])
    expect(await json(['restore', backupId, ...FROM, '--yes', ...how], 6)).toMatchObject({
      error: { details: { finding: 'signature-invalid' } },
    });
  expect((await json(['verify', backupId, ...FROM], 4)).findings).toContainEqual(
    expect.objectContaining({ code: 'signature-invalid' }),
  );
  expect(readFileSync(path.join(root, 'docs/a.md'), 'utf8')).toBe('as it is');
});

test.each(['zip', 'tar'])(
  'a %s has the signature beside the folder, also when it is unpacked by hand',
  async (format) => {
    const out = at(`moved.${format}`);
    await json(['export', signed, '--format', format, '--output', at(`out.${format}`)]);
    // Where there is no signature beside it.
    renameSync(at(`out.${format}`), out);
    expect(await json(['verify', out])).toMatchObject({ status: 'PASSED', signer: { principal: 'me' } });
    expect(await json(['restore', out, '--yes'])).toMatchObject({ outcome: 'restored' });
    const byHand = at(`by-hand-${format}`);
    execFileSync('mkdir', [byHand]);
    if (format === 'zip') execFileSync('python3', ['-m', 'zipfile', '-e', out, byHand]);
    else execFileSync('tar', ['-xf', out, '-C', byHand]);
    expect(readdirSync(byHand).toSorted()).toEqual([signed, `${signed}.sig`]);
    expect(await json(['verify', path.join(byHand, signed)])).toMatchObject({ signer: { principal: 'me' } });
    // Packed again, with a signature of somebody else.
    execFileSync(
      'ssh-keygen',
      [
        '-q',
        '-Y',
        'sign',
        '-n',
        'migbackup-artifacts-v1',
        '-f',
        at('strange'),
        path.join(byHand, signed, 'checksums/ARTIFACTS.sha256'),
      ],
      { stdio: 'ignore' },
    );
    renameSync(path.join(byHand, signed, 'checksums/ARTIFACTS.sha256.sig'), path.join(byHand, `${signed}.sig`));
    const repacked = at(`repacked-${format}.tar`);
    execFileSync('tar', ['-cf', repacked, '-C', byHand, signed, `${signed}.sig`]);
    expect(await json(['restore', repacked, '--yes'], 6)).toMatchObject({
      error: { details: { finding: 'signer-not-allowed' } },
    });
    writeFileSync(path.join(byHand, `${signed}.sig`), Buffer.alloc(20_000));
    execFileSync('tar', ['-cf', repacked, '-C', byHand, signed, `${signed}.sig`]);
    expect(await json(['verify', repacked], 6)).toMatchObject({ error: { code: 'UNSAFE_ARCHIVE' } });
  },
);

describe('the commit of a copy', () => {
  const commit = (id: string) => JSON.parse(readFileSync(copyOf(id).file, 'utf8'));
  /** A copy of a new backup, whose commit is signed by this key. */
  async function pushed(...how: readonly string[]): Promise<string> {
    const { backupId } = await json(['create', '--sign', at('mine')]);
    const { backups } = await json(['push', backupId, ...how]);
    expect(backups).toMatchObject([{ copies: [{ outcome: 'pushed', signatures: how.length === 0 ? 0 : 1 }] }]);
    return backupId;
  }

  test(
    'is signed where the push has a key, as ssh-keygen verifies, and the signer is named',
    { timeout: 90_000 },
    async () => {
      const id = await pushed('--sign', at('mine'));
      const { statement, signatures } = commit(id);
      writeFileSync(at('commit.sig'), signatures[0]);
      const args = [
        '-Y',
        'verify',
        '-n',
        'migbackup-commit-v1',
        '-I',
        'me',
        '-f',
        at('allowed'),
        '-s',
        at('commit.sig'),
      ];
      execFileSync('ssh-keygen', args, { input: statement });
      const me = { principal: 'me', fingerprint: expect.stringMatching(/^SHA256:/) };
      expect(await json(['verify', id, ...FROM])).toMatchObject({ status: 'PASSED', signer: me, commitSigner: me });
      expect((await json(['list', ...FROM])).backups[0]).toMatchObject({ backupId: id, signer: me });
      expect((await runCli(['list', ...FROM], { cwd: root })).stdout).toContain('signed by me, SHA256:');
      expect((await json(['list'])).backups[0]).toMatchObject({ backupId: id, signer: me });
      expect((await json(['list'])).backups.find((one: { backupId: string }) => one.backupId === unsigned).signer).toBe(
        null,
      );
      for (const from of [[], FROM]) {
        expect(await json(['show', id, ...from])).toMatchObject({ signer: me });
        expect((await runCli(['show', id, ...from], { cwd: root })).stdout).toContain('signed by  me, SHA256:');
        expect(await json(['show', unsigned, ...from])).toMatchObject({ signer: null });
      }
      // Where no file says whose keys these are, nobody is named, and where it cannot be read a note says so.
      configure({});
      for (const args of [['list'], ['list', ...FROM]])
        expect((await json(args)).backups[0]).not.toHaveProperty('signer');
      expect(await json(['show', id])).not.toHaveProperty('signer');
      configure({ allowedSigners: '../nowhere' });
      const run = await runCli(['list'], { cwd: root });
      expect(run).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('it is not said who signed') });
    },
  );

  test.each([
    ['of the remote', { remotes: { disk: { ...BASE.remotes.disk, sign: '../strange' } }, sign: '../mine' }, null],
    ['of the config', { sign: '../mine' }, 'me'],
  ])('is signed by the key %s', async (_, more, principal) => {
    configure({ allowedSigners: '../allowed', requireSignature: true, ...more });
    const { backupId } = await json(['create', '--push', '--yes']);
    expect(commit(backupId).signatures).toHaveLength(1);
    const { commitSigner, signer } = await json(['verify', backupId, ...FROM]);
    expect(commitSigner?.principal ?? null).toBe(principal);
    expect(signer).toMatchObject({ principal: 'me' });
  });

  test('is not signed without a key, or by a key for something else or of a time that is over', async () => {
    const id = await pushed();
    expect(await json(['verify', id, ...FROM])).toMatchObject({ status: 'PASSED', commitSigner: null });
    expect((await json(['list', ...FROM])).backups[0]).toMatchObject({ signer: null });
    const other = await pushed('--sign', at('mine'));
    const key = readFileSync(at('mine.pub'), 'utf8');
    for (const option of [
      'valid-before="20200101Z"',
      'namespaces="migbackup-artifacts-v1"',
      'valid-after="29990101Z"',
    ]) {
      writeFileSync(at('other-allowed'), `me ${option} ${key}`);
      configure({ allowedSigners: '../other-allowed' });
      expect((await json(['list', ...FROM])).backups[0]).toMatchObject({ backupId: other, signer: null });
    }
    writeFileSync(at('other-allowed'), `me namespaces="migbackup-*" ${key}`);
    expect((await json(['list', ...FROM])).backups[0]).toMatchObject({ signer: { principal: 'me' } });
    writeFileSync(at('other-allowed'), `me cert-authority ${key}`);
    expect((await runCli(['list', ...FROM], { cwd: root })).stderr).toContain('certificates are not supported');
  });

  test.each([
    [
      'a statement that was changed',
      (text: string) => text.replace('\\"completeness\\":\\"complete', '\\"completeness\\":\\"partial'),
      'signature-invalid',
    ],
    [
      'the signature of the backup',
      (text: string, sig: string) => text.replace(/"signatures":\[.*\]/, () => `"signatures":[${JSON.stringify(sig)}]`),
      'signature-namespace',
    ],
  ])('with %s fails', async (_, change, code) => {
    const id = await pushed('--sign', at('mine'));
    const { file } = copyOf(id);
    const text = readFileSync(file, 'utf8');
    const forged = change(text, readFileSync(path.join(root, 'backups', `${id}.sig`), 'utf8'));
    expect(forged).not.toBe(text);
    writeFileSync(file, forged);
    const report = await json(['verify', id, ...FROM], 4);
    expect(report).toMatchObject({
      commitSigner: null,
      findings: expect.arrayContaining([expect.objectContaining({ code })]),
    });
    expect((await json(['list', ...FROM])).backups[0]).toMatchObject({ signer: null });
  });

  test('a key that cannot sign makes no copy, and the next push goes on', async () => {
    const { backupId } = await json(['create', '--sign', at('mine')]);
    expect(await json(['push', backupId, '--sign', at('nowhere')], 5)).toMatchObject({
      error: { code: 'KEY_UNUSABLE' },
    });
    expect(existsSync(path.join(disk, 'v1/commits', backupId))).toBe(false);
    await json(['push', backupId, '--sign', at('mine')]);
    expect(commit(backupId).signatures).toHaveLength(1);
  });
});

test(
  'of an encrypted copy the commit is judged without a key to it, and the backup with one',
  { timeout: 90_000 },
  async () => {
    const secret = await generateX25519Identity();
    writeFileSync(at('identity'), `${secret}\n`, { mode: 0o600 });
    const sealed = { url: `file://${disk}`, encryptTo: [await identityToRecipient(secret)], singleRecipient: true };
    configure({ allowedSigners: '../allowed', requireSignature: true, remotes: { disk: sealed } });
    const { backupId } = await json(['create', '--sign', at('mine'), '--push', '--yes']);
    rmSync(path.join(root, 'backups', `${backupId}.sig`));
    const opened = ['--identity', at('identity')];
    const me = expect.objectContaining({ principal: 'me' });
    const known = await json(['verify', backupId, ...FROM]);
    expect(known).toMatchObject({ status: 'PASSED', commitSigner: me });
    expect(known).not.toHaveProperty('signer');
    expect((await json(['list', ...FROM])).backups[0]).toMatchObject({ backupId, signer: me });
    for (const how of [[], ['--deep']])
      expect(await json(['verify', backupId, ...FROM, ...opened, ...how])).toMatchObject({
        status: 'PASSED',
        signer: me,
      });
    put(root, 'docs/a.md', 'as it became');
    expect(await json(['restore', backupId, ...FROM, ...opened, '--yes', '--only', 'docs'])).toMatchObject({
      outcome: 'restored',
    });
    // A commit that nobody signed says nothing without a key.
    const other = (await json(['create', '--sign', at('mine')])).backupId;
    await json(['push', other]);
    expect(await json(['verify', other, ...FROM], 6)).toMatchObject({ error: { code: 'KEY_MISSING' } });
    expect(await json(['verify', other, ...FROM, ...opened])).toMatchObject({ signer: me, commitSigner: null });
    const { signature } = copyOf(other);
    rmSync(path.join(root, 'backups', `${other}.sig`));
    rmSync(signature);
    expect(await json(['restore', other, ...FROM, ...opened, '--yes'], 6)).toMatchObject({
      error: { code: 'SIGNATURE_REFUSED' },
    });
  },
);
