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
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { put } from '../support/files.ts';
import { runCli } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

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
  return JSON.parse(run.stdout);
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

test('where a signature is required, a signed copy is verified, restored and pulled, and an unsigned one is refused', async () => {
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
});

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
  expect(await json(['push', unsigned])).toMatchObject({ backups: [{ copies: [{ outcome: 'there' }] }] });
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
