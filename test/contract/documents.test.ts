import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import { runCli } from '../support/run-cli.ts';
import { makeSampleProject } from '../support/sample-project.ts';
import { schemaViolations } from '../support/schemas.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** One project through its whole life; each step depends on the ones before. */
describe('each command with and without --json', () => {
  const folder = tempFolder();
  const root = path.join(folder.path, 'project');
  const OURS = ['backups', '.migbackup'];
  let before: ReturnType<typeof readTree>;
  let backupId: string;

  beforeAll(async () => {
    await makeSampleProject(root);
    before = readTree(root, OURS);
  });
  afterAll(() => folder[Symbol.dispose]());

  async function json(schema: string, args: string[], exitCode = 0): Promise<Record<string, unknown>> {
    const words = ['preset', 'key', 'remote'].includes(args[0] ?? '') ? 2 : 1;
    const result = await runCli([...args.slice(0, words), '--json', ...args.slice(words)], { cwd: root });
    expect(result, result.stdout).toMatchObject({ exitCode, stderr: '' });
    const document: Record<string, unknown> = JSON.parse(result.stdout);
    expect(schemaViolations(schema, document)).toEqual([]);
    return document;
  }

  async function text(args: string[], exitCode = 0): Promise<string> {
    const result = await runCli(args, { cwd: root });
    expect(result, result.stderr).toMatchObject({ exitCode, stderr: '' });
    // Paths of the temporary folder are as long as they are; everything else keeps to 80 columns.
    const long = result.stdout.split('\n').filter((line) => line.length > 80 && !line.includes(folder.path));
    expect(long).toEqual([]);
    expect(result.stdout).not.toContain('\u001b');
    return result.stdout;
  }

  test('validate', async () => {
    expect(await json('validate', ['validate'])).toMatchObject({ operation: 'validate' });
    expect(await text(['validate'])).toMatch(/HEALTHY|WARNING/);
  });

  test('create', async () => {
    const report = await json('create', ['create', '--note', 'first', '--tag', 'a=b=c']);
    expect(report).toMatchObject({ kind: 'migration', status: 'complete', verified: { status: 'PASSED' } });
    backupId = String(report['backupId']);
    expect(await text(['backup', 'create'])).toContain('verified');
  });

  test('list', async () => {
    await json('list', ['list']);
    expect(await text(['list'])).toContain(backupId);
  });

  test('status', async () => {
    expect(await json('status', ['status'])).toMatchObject({ latest: { completeness: 'complete' }, pending: [] });
    expect(await text(['status'])).toContain('verified in full');
  });

  test('show', async () => {
    await json('show', ['show', backupId, '--files']);
    expect(await text(['show', backupId])).toContain(backupId);
    expect(await text(['show', '--files', '--only', 'leveldb'])).toContain('leveldb/CURRENT');
  });

  test('verify', async () => {
    expect(await json('verify', ['verify', backupId])).toMatchObject({ status: 'PASSED', scope: { mode: 'full' } });
    await json('verify', ['verify', '--sample', '50%', '--seed', '7']);
    await json('verify', ['verify', '--quick']);
    expect(await json('verify-all', ['verify', '--all'])).toMatchObject({ status: 'PASSED' });
    expect(await text(['verify', '--latest'])).toContain('PASSED');
    expect(await text(['verify', '--all'])).toContain('2 backups');
  });

  test('restore refuses without a yes and says the line to run; nothing to change needs none', async () => {
    expect(await json('restore', ['restore', backupId])).toMatchObject({ outcome: 'unchanged' });
    rmSync(path.join(root, 'deployments/mainnet'), { recursive: true });
    const asked = await json('error', ['restore', '--only', 'legacy-json'], 6);
    expect(asked).toMatchObject({ error: { code: 'CONFIRMATION_REQUIRED' } });
    const { stderr, exitCode } = await runCli(['restore', backupId], { cwd: root, env: { CI: 'true' }, stdin: 'y\n' });
    expect(exitCode).toBe(6);
    expect(stderr.replace(/\s+/g, ' ')).toContain(`migbackup restore ${backupId} --yes`);
  });

  test('restore', async () => {
    expect(await json('restore', ['restore', backupId, '--dry-run'])).toMatchObject({ outcome: 'planned' });
    expect(await text(['restore', backupId, '--dry-run'])).toContain('Nothing was changed');
    expect(await json('restore', ['restore', backupId, '--yes'])).toMatchObject({ outcome: 'restored', checked: true });
    expect(compareTrees(before, readTree(root, OURS))).toEqual([]);
    const to = path.join(folder.path, 'elsewhere');
    expect(await json('restore', ['restore', backupId, '--to', to])).toMatchObject({ mode: 'to' });
    writeFileSync(path.join(root, 'README.md'), 'damaged');
    expect(await text(['restore', backupId, '--yes'])).toContain('restored');
    expect(compareTrees(before, readTree(root, OURS))).toEqual([]);
  });

  test('sign', async () => {
    const key = path.join(folder.path, 'key');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    const { file, fingerprint } = await json('sign', ['sign', backupId, '--key', key]);
    const signers = path.join(folder.path, 'signers');
    writeFileSync(signers, `me ${readFileSync(`${key}.pub`, 'utf8')}`);
    const must = ['verify', backupId, '--allowed-signers', signers, '--require-signer'];
    expect(await json('verify', [...must, 'me'])).toMatchObject({ signer: { principal: 'me', fingerprint } });
    expect(await json('verify', [...must, 'you'], 4)).toMatchObject({ signer: null, backupStatus: 'PASSED' });
    rmSync(String(file));
    expect(await text(['sign', backupId, '--key', key])).toContain(fingerprint);
  });

  test('report', async () => {
    expect(await json('report', ['report', backupId])).toMatchObject({
      answers: {
        coverage: { yes: true },
        verifiedInFull: { yes: true },
        rehearsed: { yes: false },
        wayBackTested: { yes: true },
      },
    });
    // An altered copy has the same id, and nothing is on record about it.
    const copy = path.join(folder.path, 'copy', backupId);
    cpSync(path.join(root, 'backups', backupId), copy, { recursive: true });
    appendFileSync(path.join(copy, 'docs.tar.zst'), 'x');
    const no = { yes: false };
    expect((await json('report', ['report', copy])).answers).toMatchObject({ verifiedInFull: no, wayBackTested: no });
    const { stdout } = await runCli(['report', backupId, '--format', 'json'], { cwd: root });
    expect(JSON.parse(stdout)).toMatchObject({ operation: 'report', backupId });
    const page = await runCli(['report', backupId], { cwd: root });
    expect(page.stdout).toContain(`## Backup ${backupId}`);

    const predicate = path.join(folder.path, 'predicate.json');
    const { inToto } = await json('report', ['report', backupId, '--in-toto', predicate]);
    expect(inToto).toMatchObject({ subjectName: `${backupId}/checksums/ARTIFACTS.sha256`, predicatePath: predicate });
    expect(JSON.parse(readFileSync(predicate, 'utf8'))).toEqual(Object(inToto).predicate);
    const failed = ['--in-toto', path.join(folder.path, 'failed.json')];
    expect(await json('report', ['report', copy, ...failed], 4)).toMatchObject({
      inToto: { predicate: { result: 'FAILED' } },
      answers: { verifiedInFull: { yes: false, evidence: expect.stringMatching(/^FAILED/) } },
    });
  });

  test('in GitHub Actions errors and warnings are annotations, and stdout stays one document', async () => {
    mkdirSync(path.join(root, 'data'));
    writeFileSync(path.join(root, 'data/deployments.json'), '{}');
    const { stdout, stderr } = await runCli(['validate', '--json'], { cwd: root, env: { GITHUB_ACTIONS: 'true' } });
    JSON.parse(stdout);
    expect(stderr).toMatch(/^::warning title=migbackup coverage::.*data\/deployments\.json/m);
    const failed = await runCli(['show', 'no%such'], { cwd: root, env: { GITHUB_ACTIONS: 'true' } });
    expect(failed.stderr).toContain('::error title=migbackup NO_SUCH_BACKUP::no backup matches "no%25such"');
    rmSync(path.join(root, 'data'), { recursive: true });
  });

  test('reconcile', async () => {
    await json('reconcile-all', ['reconcile'], 4);
    expect(await json('reconcile', ['reconcile', 'leveldb', '--in', 'leveldb'])).toMatchObject({ notAccountedFor: 0 });
    const document = await json('reconcile', ['reconcile', 'leveldb'], 4);
    expect(document).toMatchObject({ operation: 'reconcile', findings: [{ code: 'database-unchanged' }] });
    expect(await text(['reconcile', 'leveldb', '--latest'], 4)).toContain('NOT ACCOUNTED FOR');
  });

  test('undo', async () => {
    expect(await json('undo', ['undo', '--dry-run'])).toMatchObject({ outcome: 'planned' });
    expect(await json('error', ['undo'], 6)).toMatchObject({ error: { code: 'CONFIRMATION_REQUIRED' } });
    expect(await text(['undo', '--yes'])).toContain('taken back');
    expect(await json('undo', ['undo', '--yes'])).toMatchObject({ outcome: 'restored', checked: true });
    expect(compareTrees(before, readTree(root, OURS))).toEqual([]);
    expect(await json('error', ['undo', '--root', folder.path], 10)).toMatchObject({
      error: { code: 'NO_SUCH_BACKUP' },
    });
  });

  test('guard', async () => {
    const touch = [process.execPath, '-e', 'require("node:fs").writeFileSync("deployments/new.json", "{}")'];
    expect(await json('guard', ['guard', '--quiet', '--', 'false'], 20)).toMatchObject({ outcome: 'rolled-back' });
    expect(await json('guard', ['guard', '--quiet', '--', ...touch])).toMatchObject({ outcome: 'succeeded' });
    await text(['undo', '--yes']);
    expect(compareTrees(before, readTree(root, OURS))).toEqual([]);
  });

  test('diff', async () => {
    expect(await json('diff', ['diff', '--live', '--exit-code'])).toMatchObject({ same: true });
    writeFileSync(path.join(root, 'NEW.md'), '');
    expect(await json('diff', ['diff', backupId, '--live', '--exit-code'], 4)).toMatchObject({ same: false });
    expect(await text(['diff'])).toContain('+ NEW.md');
    rmSync(path.join(root, 'NEW.md'));
    await json('diff', ['diff', backupId]);
    expect(await json('error', ['diff', backupId, backupId, '--live'], 2)).toMatchObject({ error: { code: 'USAGE' } });
  });

  test('export, and every command takes the file', async () => {
    const file = path.join(folder.path, 'portable.zip');
    await json('export', ['export', backupId, '--output', file]);
    expect(await json('verify', ['verify', file])).toMatchObject({ backupId, status: 'PASSED' });
    await text(['export', backupId, '--format', 'tar', '--output', path.join(folder.path, 'portable.tar')]);
    await text(['show', file]);
  });

  test('remotes, and every command that reads one', async () => {
    const remote = `file://${path.join(folder.path, 'disk')}`;
    for (const word of ['init', 'check']) {
      const { stdout, exitCode } = await runCli(['remote', word, remote, '--json'], { cwd: root });
      expect({ exitCode, violations: schemaViolations(`remote-${word}`, JSON.parse(stdout)) }).toEqual({
        exitCode: 0,
        violations: [],
      });
    }
    const here = ['--remote', remote];
    expect(await json('list', ['list', ...here])).toMatchObject({ backups: [], remote });
    const pushed = { status: 'complete', backups: [{ backupId, copies: [{ outcome: 'pushed', error: null }] }] };
    expect(await json('push', ['push', backupId, ...here])).toMatchObject(pushed);
    expect(await text(['push', backupId, ...here])).toContain('was there');
    expect(await json('list', ['list', ...here])).toMatchObject({ backups: [{ backupId, copies: [] }] });
    expect(await text(['list', ...here])).toContain(`migbackup pull ID ${here.join(' ')}`);
    expect(await text(['list'])).toContain(`copies: ${remote} (pushed`);
    expect(await json('status', ['status'])).toMatchObject({ notPushedTo: [], asked: [] });
    expect(await json('status', ['status', ...here])).toMatchObject({ asked: [{ remote, error: null }] });
    expect(await json('status', ['status', '--remote', `${remote}-away`], 2)).toMatchObject({ asked: [{ error: {} }] });
    expect(await json('show', ['show', '--files', ...here])).toMatchObject({ backupId });
    expect(await json('report', ['report', ...here])).toMatchObject({ backupId, copies: [{ remote, missing: false }] });
    const attested = ['--in-toto', path.join(folder.path, 'of-the-copy.json')];
    expect(await json('report', ['report', ...here, ...attested])).toMatchObject({
      inToto: { subjectName: `${backupId}/checksums/ARTIFACTS.sha256`, predicate: { result: 'PASSED' } },
    });
    await json('diff', ['diff', ...here]);
    expect(await json('verify', ['verify', ...here])).toMatchObject({ scope: { mode: 'stored' } });
    expect(await text(['verify', ...here])).toContain('does not count as verified');
    expect(await json('verify', ['verify', '--deep', ...here])).toMatchObject({ scope: { mode: 'full' } });
    expect(await text(['verify', '--only', 'docs', ...here])).toContain(
      `migbackup restore ${backupId} ${here.join(' ')}`,
    );
    expect(await json('restore', ['restore', '--dry-run', ...here])).toMatchObject({ outcome: 'planned' });
    const elsewhere = ['--backups', path.join(folder.path, 'pulled')];
    expect(await json('pull', ['pull', ...here, ...elsewhere])).toMatchObject({ outcome: 'pulled', backupId });
    expect(await text(['pull', ...here, ...elsewhere])).toContain('was here');
    const prune = ['prune', '--keep-last', '1', ...here];
    expect(await json('prune', prune)).toMatchObject({ remove: [], keep: [{ backupId }], remote });
    expect(await text([...prune, '--orphans', '7d'])).toContain('nothing to remove');
    expect(await json('require', ['require', '--verified'])).toMatchObject({ met: true, result: null });
    expect(await json('require', ['require', '--max-age', '1h', '--rehearsed'], 6)).toMatchObject({ met: false });
    expect(await json('error', ['push', '--remote', 'nowhere'], 2)).toMatchObject({
      error: { code: 'NO_SUCH_REMOTE' },
    });
  });

  test('key new, and key drill', async () => {
    const file = path.join(folder.path, 'key.txt');
    const { recipient, fingerprint } = await json('key-new', ['key', 'new', file]);
    expect(await json('error', ['key', 'new', file], 6)).toMatchObject({ error: { code: 'TARGET_NOT_EMPTY' } });
    await text(['key', 'new', path.join(folder.path, 'other.txt')]);
    const far = { url: `file://${folder.path}/far`, encryptTo: [recipient], singleRecipient: true };
    const config = path.join(folder.path, 'config.json');
    writeFileSync(config, JSON.stringify({ preset: 'default', remotes: { far } }));
    await runCli(['remote', 'init', 'far', '--config', config], { cwd: root });
    const pushed = await runCli(['push', backupId, '--yes', '--config', config], { cwd: root });
    expect(pushed, pushed.stderr).toMatchObject({ exitCode: 0 });
    const drill = ['key', 'drill', backupId, '--config', config];
    expect(await json('key-drill', [...drill, '--identity', file])).toMatchObject({ openedBy: fingerprint });
    expect(await text([...drill, '--identity', file])).toContain(String(fingerprint));
    expect(await json('error', drill, 6)).toMatchObject({ error: { code: 'KEY_MISSING' } });
  });

  test('recover', async () => {
    await json('recover', ['recover']);
    await text(['recover']);
  });

  test('prune', async () => {
    expect(await json('error', ['prune'], 2)).toMatchObject({ error: { code: 'USAGE' } });
    expect(await json('error', ['prune', '--keep-within', 'soon'], 2)).toMatchObject({ error: { code: 'USAGE' } });
    const planned = await json('prune', ['prune', '--keep-last', '2', '--dry-run']);
    expect(planned['remove']).not.toEqual([]);
    expect(await json('error', ['prune', '--keep-last', '2'], 6)).toMatchObject({
      error: { code: 'CONFIRMATION_REQUIRED' },
    });
    expect(await json('prune', ['prune', '--keep-last', '99', '--keep-safety', '99'])).toMatchObject({ remove: [] });
    expect(await text(['prune', '--keep-last', '99', '--keep-safety', '1', '--yes'])).toContain('removed');
  });

  test('a damaged backup is FAILED and exit 4, in text and in JSON', async () => {
    const [archive] = [...readTree(path.join(root, 'backups', backupId)).keys()].filter((name) =>
      name.includes('docs'),
    );
    writeFileSync(path.join(root, 'backups', backupId, archive ?? ''), 'not an archive');
    expect(await json('verify', ['verify', backupId], 4)).toMatchObject({ status: 'FAILED' });
    const { exitCode, stdout } = await runCli(['verify', backupId, '--quiet'], { cwd: root });
    expect(exitCode).toBe(4);
    expect(stdout).toContain('FAILED');
  });

  test('init', async () => {
    await json('init', ['init', '--dry-run']);
    await text(['init', '--dry-run']);
    await text(['init']);
    await json('init', ['init']);
  });

  test('preset list, and preset show', async () => {
    expect(await json('preset-list', ['preset', 'list'])).toMatchObject({ presets: expect.any(Array) });
    await text(['preset', 'list']);
    expect(await json('preset-show', ['preset', 'show', 'anchor'])).toMatchObject({ preset: { name: 'anchor' } });
    await text(['preset', 'show', 'anchor']);
  });

  test('--quiet prints nothing when all is well; --log-file writes JSON lines', async () => {
    const log = path.join(folder.path, 'log.jsonl');
    const result = await runCli(['list', '--quiet', '--log-file', log, '--log-level', 'debug'], { cwd: root });
    expect(result).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    expect([...readTree(folder.path).keys()]).toContain('log.jsonl');
  });
});
