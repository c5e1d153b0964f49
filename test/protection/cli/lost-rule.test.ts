import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { auditBackup } from '../../../src/core/audit/audit.ts';
import { parseId } from '../../../src/core/format/id.ts';
import { judgeSignature } from '../../../src/core/protection/judge-signature.ts';
import { put } from '../../support/files.ts';
import { context } from '../../support/real-backup.ts';
import { resumArtifacts } from '../../support/rewrite-backup.ts';
import { runCli } from '../../support/run-cli.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const folder = tempFolder();
const at = (...parts: string[]): string => path.join(folder.path, ...parts);
const root = at('project');
const CONFIG = path.join(root, 'migbackup.config.json');
const required = JSON.stringify({
  categories: { docs: { sources: { all: { path: 'docs' } } } },
  allowedSigners: '../allowed',
  requireSignature: true,
});
let id = '';

async function json(args: readonly string[], exitCode = 0) {
  const run = await runCli([...args, '--json'], { cwd: root });
  expect(run, run.stdout + run.stderr).toMatchObject({ exitCode });
  return JSON.parse(run.stdout);
}

beforeAll(async () => {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at('mine')]);
  writeFileSync(at('allowed'), `me ${readFileSync(at('mine.pub'), 'utf8')}`);
  put(root, 'docs/a.md', 'as it was');
  writeFileSync(CONFIG, required);
  id = (await json(['create'])).backupId;
});

afterAll(() => folder[Symbol.dispose]());

const REFUSED = { error: { code: 'SIGNATURE_REFUSED' } };

test.each([
  ['gone', (): void => rmSync(CONFIG)],
  ['not JSON any more', (): void => writeFileSync(CONFIG, '{')],
])('a config that asked for signatures and is %s still keeps what is unsigned away', async (_, lose) => {
  put(root, 'docs/a.md', 'as it is');
  lose();
  for (const args of [
    ['restore', id, '--yes'],
    ['restore', id, '--to', at('elsewhere')],
    ['verify', id],
    ['verify', '--all'],
  ])
    expect(await json(args, 6)).toMatchObject(REFUSED);
  expect(existsSync(at('elsewhere'))).toBe(false);
  // What was refused has not made it forget.
  expect(await json(['restore', id, '--yes'], 6)).toMatchObject(REFUSED);
  expect(readFileSync(path.join(root, 'docs/a.md'), 'utf8')).toBe('as it is');
  expect(await json(['verify', id, '--require-signer', 'me', '--allowed-signers', at('allowed')], 4)).toMatchObject({
    findings: [{ code: 'signature-missing' }],
  });
  writeFileSync(CONFIG, required);
});

test.each(['migbackup.config.json', 'package.json'])(
  'a broken %s that names the rule keeps it also where nothing is remembered',
  async (name) => {
    const clone = at(`clone-${name}`);
    cpSync(root, clone, { recursive: true });
    for (const known of ['.migbackup', 'migbackup.config.json']) rmSync(path.join(clone, known), { recursive: true });
    const text = name === 'package.json' ? `{"migbackup":${required}}` : required;
    writeFileSync(path.join(clone, name), text);
    const whole = await runCli(['restore', id, '--yes', '--json'], { cwd: clone });
    expect(JSON.parse(whole.stdout)).toMatchObject({ error: { details: { finding: 'signature-missing' } } });
    rmSync(path.join(clone, '.migbackup'), { recursive: true });
    writeFileSync(path.join(clone, name), `${text}}`);
    const run = await runCli(['restore', id, '--yes', '--json'], { cwd: clone });
    expect(JSON.parse(run.stdout)).toMatchObject(REFUSED);
    expect(JSON.parse(run.stdout).error.message).toContain('is gone or cannot be used');
  },
);

test('another config that a flag names does not make it forget, and a config without the rule does', async () => {
  const without = JSON.stringify({ categories: { docs: { sources: { all: { path: 'docs' } } } } });
  writeFileSync(at('other.json'), without);
  await json(['create', '--config', at('other.json')]);
  // Nor does one that is in the project itself.
  writeFileSync(path.join(root, 'ci.json'), without);
  await json(['create', '--config', path.join(root, 'ci.json')]);
  rmSync(path.join(root, 'ci.json'));
  rmSync(CONFIG);
  expect(await json(['restore', id, '--yes'], 6)).toMatchObject(REFUSED);
  writeFileSync(CONFIG, without);
  await json(['create']);
  rmSync(CONFIG);
  expect(await json(['restore', id, '--dry-run'])).toMatchObject({ outcome: 'planned' });
  writeFileSync(CONFIG, required);
});

/** A restore, after which the safety backup holds `as it is`. */
async function restored(): Promise<string> {
  put(root, 'docs/a.md', 'as it was');
  const { backupId } = await json(['create']);
  await json(['sign', backupId, '--key', at('mine')]);
  put(root, 'docs/a.md', 'as it is');
  return (await json(['restore', backupId, '--yes'])).safetyBackup;
}

/** Another backup of other bytes under this id, which verifies. */
async function forge(safety: string): Promise<void> {
  const other = at('forger');
  rmSync(other, { recursive: true, force: true });
  cpSync(root, other, { recursive: true });
  put(other, 'docs/a.md', 'forged');
  const run = await runCli(['create', '--json'], { cwd: other });
  const { folder: forged, backupId } = JSON.parse(run.stdout);
  const stored = path.join(root, 'backups', safety);
  rmSync(stored, { recursive: true });
  cpSync(forged, stored, { recursive: true });
  const manifest = path.join(stored, 'BACKUP_MANIFEST.json');
  const text = readFileSync(manifest, 'utf8').replaceAll(backupId, safety);
  const createdAt = parseId(safety)?.time.toISOString();
  writeFileSync(manifest, JSON.stringify({ ...JSON.parse(text), kind: 'safety', createdAt }));
  resumArtifacts(stored);
  const found = await auditBackup(stored, safety, { mode: 'full' }, context);
  expect(found.findings.filter(({ severity }) => severity === 'error')).toEqual([]);
}

test('undo goes by what was made here, byte for byte', async () => {
  const safety = await restored();
  expect(await json(['undo', '--yes'])).toMatchObject({ outcome: 'restored', backupId: safety });
  expect(readFileSync(path.join(root, 'docs/a.md'), 'utf8')).toBe('as it is');
});

test('undo refuses a forged safety backup, and one that nothing is known of and nobody signed', async () => {
  const safety = await restored();
  await forge(safety);
  expect(await json(['undo', '--yes'], 4)).toMatchObject({ error: { code: 'BACKUP_DAMAGED' } });
  const state = path.join(root, '.migbackup/project.json');
  const { made, ...others } = JSON.parse(readFileSync(state, 'utf8'));
  expect(Object.keys(made)).toContain(safety);
  writeFileSync(state, JSON.stringify(others));
  expect(await json(['undo', '--yes'], 6)).toMatchObject({ error: { details: { finding: 'signature-missing' } } });
  expect(readFileSync(path.join(root, 'docs/a.md'), 'utf8')).toBe('as it was');
});

test.skipIf(process.platform === 'win32')('the way back of guard takes only the backup that it took', async () => {
  put(root, 'docs/a.md', 'as it was');
  put(
    root,
    'forge.sh',
    'printf x >> "$MIGBACKUP_DIR/RESTORE_PROCEDURES.md"\nlist="$MIGBACKUP_DIR/checksums/ARTIFACTS.sha256"\nsum=$(sha256sum < "$MIGBACKUP_DIR/RESTORE_PROCEDURES.md" | cut -d" " -f1)\nsed -i "s/^[0-9a-f]*  RESTORE/$sum  RESTORE/" "$list"\necho lost > docs/a.md\nexit 1\n',
  );
  const run = await runCli(['guard', '--json', '--', 'sh', 'forge.sh'], { cwd: root });
  expect(run.exitCode, run.stdout + run.stderr).toBe(7);
  expect(run.stdout).toContain('is not the list that was signed, hashed or made here');
  const backup = JSON.parse(run.stdout).error.details?.backupId ?? '';
  const { findings } = await auditBackup(path.join(root, 'backups', backup), backup, { mode: 'full' }, context);
  expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
});

test('what is restored is the list that was judged: another one that comes in its place is refused', async () => {
  const { backupId } = await json(['create']);
  const { file } = await json(['sign', backupId, '--key', at('mine')]);
  const stored = path.join(root, 'backups', backupId);
  const rule = { file: at('allowed'), required: true } as const;
  const judged = judgeSignature({ id: backupId, folder: stored, signature: file }, rule, new Date());
  if ('code' in judged) throw new Error(judged.message);
  const { artifactsSha256 } = judged;
  const audit = () => auditBackup(stored, backupId, { mode: 'full', artifactsSha256 }, context);
  expect(await audit()).toMatchObject({ status: 'PASSED' });
  writeFileSync(path.join(stored, 'RESTORE_PROCEDURES.md'), 'forged');
  resumArtifacts(stored);
  expect(await audit()).toMatchObject({ status: 'FAILED', findings: [{ code: 'artifact-list-wrong' }] });
});
