import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { put } from '../support/files.ts';
import { putLevel } from '../support/old-state.ts';
import { cliCommand, runCli } from '../support/run-cli.ts';
import { schemaViolations } from '../support/schemas.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

const NETWORKS = ['mainnet', 'sepolia', 'base'];
const RECORDS = Object.fromEntries(
  NETWORKS.flatMap((network, net) =>
    ['Token', 'Oracle', 'Bridge', 'Vault'].map((name, at) => [
      `${network}-${name}`,
      {
        name,
        network,
        address: `0x${String(net * 10 + at).padStart(40, 'c0ffee')}`,
        deployedAt: 1_700_000_000_000 + at,
      },
    ]),
  ),
);

/** A migration as teams write them, with classic-level: a file for each network. `skips` is what it forgets. */
const migration = (skips: string): string => `
import { mkdirSync, writeFileSync } from 'node:fs';
import { ClassicLevel } from ${JSON.stringify(pathToFileURL(path.resolve('node_modules/classic-level/index.js')).href)};
const database = new ClassicLevel('leveldb', { valueEncoding: 'json' });
const networks = {};
for await (const [key, { name, network, address, deployedAt }] of database.iterator()) {
  if (${skips}) continue;
  networks[network] ??= { network, contracts: {} };
  networks[network].contracts[name] = { address: address.toLowerCase(), deployedAt: new Date(deployedAt).toISOString() };
}
await database.close();
mkdirSync('deployments', { recursive: true });
for (const [network, all] of Object.entries(networks)) writeFileSync('deployments/' + network + '.json', JSON.stringify(all, null, 2));
`;

let temp: TempFolder;
let root: string;
const quoted = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(' ');

beforeEach(async () => {
  temp = tempFolder();
  root = path.join(temp.path, 'project');
  put(root, 'package.json', '{"name": "old", "private": true}\n');
  putLevel(path.join(root, 'leveldb'), RECORDS);
});
afterEach(() => temp[Symbol.dispose]());

const run = (args: readonly string[], env = {}) => runCli(args, { cwd: root, env });

async function json(schema: string, args: readonly string[], exitCode: number, env = {}) {
  const result = await run([...args, '--json'], env);
  expect(result, result.stdout + result.stderr).toMatchObject({ exitCode });
  const document = JSON.parse(result.stdout);
  expect(schemaViolations(schema, document)).toEqual([]);
  return document;
}

test('a guarded migration is checked by it: kept if nothing is lost, taken back if one record is', async () => {
  const check = quoted([...cliCommand(), 'reconcile', 'leveldb', '--strict']);
  // Another repository than the default, which the check does not name.
  const guard = [
    'guard',
    '--backups',
    path.join(temp.path, 'elsewhere'),
    '--check',
    check,
    '--',
    process.execPath,
    'm.mjs',
  ];
  writeFileSync(path.join(root, 'm.mjs'), migration("key === 'sepolia-Bridge'"));
  const bad = await run(guard);
  expect(bad, bad.stdout + bad.stderr).toMatchObject({ exitCode: 20 });
  expect(bad.stdout).toContain('1 missing    sepolia-Bridge');
  expect(bad.stdout).toContain('NOT ACCOUNTED FOR: 1 of 12');

  writeFileSync(path.join(root, 'm.mjs'), migration('false'));
  const good = await run(guard);
  expect(good, good.stdout + good.stderr).toMatchObject({ exitCode: 0 });
  expect(good.stdout).toContain('accounted for: 12 of 12');
});

test('places are learned, kept as rules, and hold what comes later to them', async () => {
  await run(['init']);
  await run(['create']);
  writeFileSync(path.join(root, 'm.mjs'), migration("network === 'base'"));
  const { execFileSync } = await import('node:child_process');
  execFileSync(process.execPath, ['m.mjs'], { cwd: root });
  const learned = await json('reconcile', ['reconcile', 'leveldb', '--in', 'deployments/*.json', '--write-rules'], 4);
  expect(learned).toMatchObject({ counts: { found: 8, missing: 4 }, notAccountedFor: 4, learnedFrom: 8, unread: [] });
  expect(learned.wrote).toContain('reconcile.leveldb/current.in: ["deployments/*.json"]');

  const config = path.join(root, 'migbackup.config.json');
  const rules = JSON.parse(readFileSync(config, 'utf8'));
  rules.reconcile['leveldb/current'].gone = [{ key: 'base-*', entries: 4, why: 'that chain is given up' }];
  writeFileSync(config, JSON.stringify(rules, null, 2));
  const text = await run(['reconcile', 'leveldb', '--strict']);
  expect(text, text.stdout).toMatchObject({ exitCode: 0, stderr: '' });
  expect(text.stdout).toContain('4 explained  gone base-* (4)');
  expect(text.stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);

  const file = path.join(root, 'deployments/sepolia.json');
  const { network, contracts } = JSON.parse(readFileSync(file, 'utf8'));
  const swapped = { ...contracts, Token: contracts.Oracle, Oracle: contracts.Token };
  writeFileSync(file, JSON.stringify({ network, contracts: swapped }));
  const changed = await json('reconcile', ['reconcile', 'leveldb', '--strict'], 4);
  const bad = changed.records.filter(({ status }: { status: string }) => !['found', 'explained'].includes(status));
  expect(bad.map(({ key }: { key: string }) => key).toSorted()).toEqual(['sepolia-Oracle', 'sepolia-Token']);
});

test('without a database all of them are accounted for, each by itself, in the backup that guard names', async () => {
  const categories = { app: { sources: { data: { path: 'data' } } } };
  put(root, 'migbackup.config.json', JSON.stringify({ preset: 'default', categories }));
  put(root, 'data/readme.txt');
  const database = new DatabaseSync(path.join(root, 'data/app.db'));
  database.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO t VALUES (1, 'one'), (2, 'two')");
  const { backupId } = JSON.parse((await run(['create', '--json'])).stdout);
  database.exec("DELETE FROM t WHERE id = 2; INSERT INTO t VALUES (3, 'three')");
  database.close();
  putLevel(path.join(root, 'leveldb'), { ...RECORDS, more: 1 });
  await run(['create']);

  const document = await json('reconcile-all', ['reconcile'], 4, { MIGBACKUP_ID: backupId });
  expect(document).toMatchObject({
    operation: 'reconcile-all',
    backupId,
    notAccountedFor: 1,
    databases: [
      { old: { database: 'leveldb', entries: 12 }, counts: { found: 12 }, sameKey: { leveldb: 12 } },
      { old: { database: 'data/app.db', entries: 2 }, counts: { found: 1, missing: 1 } },
    ],
  });
  // In the later backup nothing has changed since.
  expect(await json('reconcile', ['reconcile', 'latest:data/app.db'], 4)).toMatchObject({ counts: { missing: 2 } });
  const named = await json('reconcile', ['reconcile', `${backupId}:leveldb/current`], 0);
  expect(named).toMatchObject({ old: { backupId }, notAccountedFor: 0 });
});

test('what it refuses', async () => {
  await run(['create']);
  const code = async (args: readonly string[], exitCode: number, env = {}) =>
    (await json('error', ['reconcile', ...args], exitCode, env)).error.code;
  expect(await code(['nothing'], 10)).toBe('NO_SUCH_DATABASE');
  expect(await code(['never:leveldb'], 10)).toBe('NO_SUCH_BACKUP');
  expect(await code([], 10, { MIGBACKUP_ID: 'migration-2020-01-01T00-00-00-000Z' })).toBe('NO_SUCH_BACKUP');
  expect(await code(['--in', '{a,'.repeat(50)], 2)).toBe('USAGE');
  expect(await code(['leveldb', '--write-rules'], 2)).toBe('USAGE');
});
