import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readTree } from '../support/compare-trees.ts';
import { put } from '../support/files.ts';
import { writeDatabase } from '../support/leveldb/write-database.ts';
import { rewriteManifest } from '../support/rewrite-backup.ts';
import { cliCommand, runCli } from '../support/run-cli.ts';
import { makeSampleProject } from '../support/sample-project.ts';
import { schemaViolations } from '../support/schemas.ts';
import { tempFolder } from '../support/temp-folder.ts';

const folder = tempFolder();
const root = path.join(folder.path, 'project');
const repository = path.join(root, 'backups');
let backupId: string;

async function verify(args: readonly string[], exitCode = 0): Promise<Record<string, unknown>> {
  const result = await runCli(['verify', ...args, '--json'], { cwd: root });
  expect(result, result.stdout).toMatchObject({ exitCode, stderr: '' });
  const document: Record<string, unknown> = JSON.parse(result.stdout);
  expect(schemaViolations('verify', document)).toEqual([]);
  return document;
}

const leftovers = (): string[] => fs.readdirSync(repository).filter((name) => name.startsWith('.partial-'));

beforeAll(async () => {
  await makeSampleProject(root);
  put(root, 'deployments/broken.json', '{"half": ');
  put(root, 'deployments/marked.json', '\uFEFF{}');
  const created = await runCli(['create', '--json'], { cwd: root });
  backupId = String(JSON.parse(created.stdout).backupId);
});
afterAll(() => folder[Symbol.dispose]());

test('a rehearsal opens the database, parses what parsed, leaves nothing, and list tells it from a plain one', async () => {
  const jsonFiles = [...readTree(root, ['backups', '.migbackup']).keys()].filter((name) => name.endsWith('.json'));
  const before = readTree(root, ['backups', '.migbackup']);
  const report = await verify([backupId, '--rehearse']);
  expect(report).toMatchObject({
    status: 'PASSED',
    scope: { mode: 'full', rehearsed: { databases: 2, records: 208, jsonFiles: jsonFiles.length - 2 } },
  });
  expect(readTree(root, ['backups', '.migbackup'])).toEqual(before);
  expect(leftovers()).toEqual([]);
  const listed = await runCli(['list'], { cwd: root });
  expect(listed.stdout).toContain('PASSED, rehearsed');
  await verify([backupId]);
  expect((await runCli(['list'], { cwd: root })).stdout).not.toContain('rehearsed');
});

test('what a killed rehearsal leaves is removed by the next run that takes the lock', async () => {
  const [program, ...leading] = cliCommand();
  const child = spawn(program, [...leading, 'verify', backupId, '--rehearse'], { cwd: root, stdio: 'ignore' });
  const ended = once(child, 'exit');
  while (leftovers().length === 0 && child.exitCode === null) await sleep(1);
  child.kill('SIGKILL');
  await ended;
  expect(leftovers()).toHaveLength(1);
  await verify([backupId, '--rehearse']);
  expect(leftovers()).toEqual([]);
});

test('without --backups to work in, an exported file is rehearsed too', async () => {
  const file = path.join(folder.path, 'portable.tar');
  await runCli(['export', backupId, '--output', file], { cwd: root });
  const elsewhere = path.join(folder.path, 'elsewhere');
  fs.mkdirSync(elsewhere);
  const result = await runCli(['verify', file, '--rehearse'], { cwd: elsewhere });
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  expect(result.stdout).toContain('rehearsed: all unpacked, 2 databases opened (208 records)');
  expect(fs.readdirSync(elsewhere)).toEqual([]);
});

test('a JSON file that is said to have parsed and does not fails the rehearsal, and only that', async () => {
  const lying = path.join(folder.path, 'lying', backupId);
  fs.cpSync(path.join(repository, backupId), lying, { recursive: true });
  rewriteManifest(lying, (manifest) => Object.assign(manifest, { findings: [] }));
  expect(await verify([lying])).toMatchObject({ status: 'PASSED' });
  const finding = { code: 'json-differs', severity: 'error', path: 'deployments/broken.json', category: 'legacy-json' };
  expect(await verify([lying, '--rehearse'], 4)).toMatchObject({
    status: 'FAILED',
    findings: [finding],
    categories: { 'legacy-json': { status: 'damaged' }, leveldb: { status: 'whole' } },
  });
});

test('a database that LevelDB does not read as the manifest says fails the rehearsal', async () => {
  const odd = path.join(folder.path, 'odd');
  put(odd, 'package.json', '{}');
  writeDatabase(path.join(odd, 'leveldb'), [[Buffer.from('k'), Buffer.from('v')]], { compression: 'zlib' });
  const created = await runCli(['create', '--json'], { cwd: odd });
  const { backupId: id, folder: backup } = JSON.parse(created.stdout);
  expect((await runCli(['verify', '--rehearse'], { cwd: odd })).stdout).toContain(
    '0 of 1 database opened, not leveldb;',
  );
  rewriteManifest(backup, (manifest) => {
    const text = JSON.stringify(manifest).replaceAll(
      '"readers":["migbackup"]',
      '"readers":["migbackup","classic-level"]',
    );
    Object.assign(manifest, JSON.parse(text));
  });
  expect((await runCli(['verify', id], { cwd: odd })).exitCode).toBe(0);
  const { exitCode, stdout } = await runCli(['verify', id, '--rehearse', '--json'], { cwd: odd });
  expect(exitCode).toBe(4);
  expect(JSON.parse(stdout).findings).toMatchObject([{ code: 'database-differs', severity: 'error', path: 'leveldb' }]);
});

test('verify and report say what was opened and what was not: another order of keys, plain files, none at all', async () => {
  const odd = path.join(folder.path, 'not-opened');
  const said = async (...args: string[]): Promise<[verify: string, report: string]> => {
    expect((await runCli(['create', ...args], { cwd: odd })).exitCode).toBe(0);
    const verified = await runCli(['verify', '--rehearse'], { cwd: odd });
    const reported = await runCli(['report'], { cwd: odd });
    return [verified.stdout.replaceAll(/\s+/g, ' '), reported.stdout];
  };
  put(odd, 'package.json', '{}');
  const expectSaid = ([verified, reported]: [string, string], what: string): void => {
    expect(verified).toContain(`rehearsed: all unpacked, ${what}`);
    const row = reported.split('\n').find((line) => line.includes('Rehearsed?'));
    expect(row?.replaceAll('\\', '')).toContain(`: all unpacked, ${what} |`);
  };
  expectSaid(await said(), 'no database to open, 1 JSON file parsed');
  writeDatabase(path.join(odd, 'leveldb'), [[Buffer.from('k'), Buffer.from('v')]], { comparator: 'idb_cmp1' });
  expectSaid(await said(), '0 of 1 database opened, not leveldb; 1 JSON file parsed');
  writeDatabase(path.join(odd, 'deployments/kv'), [[Buffer.from('k'), Buffer.from('v')]]);
  expectSaid(await said(), '1 of 2 databases opened (1 record), not leveldb; 1 JSON file parsed');
  expectSaid(
    await said('--raw', 'deployments/kv'),
    '0 of 2 databases opened, not deployments/kv, leveldb; 1 JSON file parsed',
  );
});

test('what does not verify is not unpacked', async () => {
  const archive = path.join(repository, backupId, 'leveldb.tar.zst');
  const good = fs.readFileSync(archive);
  fs.writeFileSync(archive, good.subarray(0, good.length - 100));
  const report = await verify([backupId, '--rehearse'], 4);
  expect(report).toMatchObject({ status: 'FAILED', scope: { mode: 'full' } });
  expect(report['scope']).not.toHaveProperty('rehearsed');
  expect(JSON.stringify(report['findings'])).toContain('not-rehearsed');
  fs.writeFileSync(archive, good);
});
