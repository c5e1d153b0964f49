import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ClassicLevel } from 'classic-level';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import { put } from '../support/files.ts';
import { runCli } from '../support/run-cli.ts';
import { schemaViolations } from '../support/schemas.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/*
 * What the record of the original migration lost: proxy manifests, hidden deployment state and a second database were on disk and in no
 * backup, and nobody was told. Without a config file, what is state is in it, what is not is named, and secrets stay out.
 */
const STATE = {
  '.openzeppelin/mainnet.json': ['proxies', 'manifests'],
  '.openzeppelin/unknown-31337.json': ['proxies', 'manifests'],
  'deployments/.state/journal.json': ['legacy-json', 'deployments'],
  'deployments/.chainId': ['legacy-json', 'deployments'],
  'deployments/.migrations.json': ['legacy-json', 'deployments'],
  'deployments/.pendingTransactions': ['legacy-json', 'deployments'],
  'deployments/solcInputs/0a.json': ['legacy-json', 'deployments'],
  'ignition/deployments/chain-1/journal.jsonl': ['ignition', 'deployments'],
  'ignition/deployments/chain-1/deployed_addresses.json': ['ignition', 'deployments'],
  'ignition/modules/Token.ts': ['ignition', 'files'],
  '.env.example': ['configs', 'files'],
  'package.json': ['configs', 'files'],
} as const;
/** Neither state nor in any category. */
const OTHER = ['contracts/Token.sol', 'node_modules/x/deployments/a.json', 'artifacts/deployments.json'];

let temp: TempFolder;
let root: string;
beforeAll(async () => {
  temp = tempFolder();
  root = path.join(temp.path, 'project');
  for (const file of [...Object.keys(STATE), ...OTHER]) put(root, file, '{}');
  put(root, '.env', 'PRIVATE_KEY=0xdeadbeef');
  mkdirSync(path.join(root, 'data'));
  for (const place of ['leveldb', 'data/kv']) {
    const database = new ClassicLevel(path.join(root, place));
    await database.put('key', 'value');
    await database.close();
  }
});
afterAll(() => temp[Symbol.dispose]());

interface Item {
  readonly id?: string;
  readonly code?: string;
  readonly status?: string;
  readonly message: string;
  readonly path?: string;
  readonly paths?: readonly string[];
  readonly recommendation?: string;
}

interface Document {
  readonly status: string;
  readonly backupId: string;
  readonly checks: readonly Item[];
  readonly findings: readonly Item[];
  readonly answers: { readonly coverage: { readonly yes: boolean; readonly evidence: string } };
  readonly entries: readonly {
    readonly path: string;
    readonly type: string;
    readonly category: string;
    readonly source: string;
  }[];
}

async function json(schema: string, ...args: string[]): Promise<Document> {
  const { stdout, stderr, exitCode } = await runCli([...args, '--json'], { cwd: root });
  expect(exitCode, stdout + stderr).toBe(0);
  expect(schemaViolations(schema, JSON.parse(stdout))).toEqual([]);
  return JSON.parse(stdout);
}

const check = ({ checks }: Document, id: string): readonly Item[] => checks.filter((one) => one.id === id);
const found = ({ findings }: Document, code: string): readonly Item[] => findings.filter((one) => one.code === code);

async function storedIn(id: string): Promise<Record<string, readonly string[]>> {
  const { entries: files } = await json('show', 'show', id, '--files');
  return Object.fromEntries(
    files.filter(({ type }) => type === 'file').map((one) => [one.path, [one.category, one.source]]),
  );
}

test('validate names the database that nothing covers and the secret that would be left out, and nothing else', async () => {
  const report = await json('validate', 'validate');
  expect(check(report, 'coverage')).toMatchObject([{ status: 'warning', paths: ['data/kv'] }]);
  expect(check(report, 'secrets-left-out')).toMatchObject([{ status: 'info', paths: ['.env'] }]);
  expect(check(report, 'secrets-taken')).toMatchObject([{ status: 'ok' }]);
});

test('create takes all state, says the same, and its exit code is 0', async () => {
  const report = await json('create', 'create');
  expect(found(report, 'coverage')).toMatchObject([{ path: 'data/kv', paths: ['data/kv'] }]);
  expect(found(report, 'secret-left-out')).toMatchObject([{ path: '.env' }]);
  const stored = await storedIn(report.backupId);
  expect(stored).toMatchObject(STATE);
  const beyond = Object.keys(stored).filter((file) => !(file in STATE) && !file.startsWith('leveldb/'));
  expect(beyond).toEqual([]);
  const { coverage } = (await json('report', 'report')).answers;
  expect(coverage).toMatchObject({ yes: false, evidence: expect.stringContaining('data/kv') });
});

test('all of it comes back after it was deleted, and the secret is never touched', async () => {
  const before = readTree(root, ['backups', '.migbackup']);
  for (const folder of ['.openzeppelin', 'deployments', 'ignition', 'leveldb'])
    rmSync(path.join(root, folder), { recursive: true });
  await json('restore', 'restore', '--yes');
  expect(compareTrees(before, readTree(root, ['backups', '.migbackup']))).toEqual([]);
});

test('named in a config, or ignored there, the database is a gap no more; with includeSecrets .env is in the backup, and that is said', async () => {
  const config = (more: object): void => writeFileSync(path.join(root, 'migbackup.config.json'), JSON.stringify(more));
  const categories = {
    state: {
      sources: {
        kv: { path: 'data/kv', type: 'leveldb' },
        leveldb: { path: 'leveldb', type: 'leveldb' },
        env: { path: '.', include: ['.env'] },
      },
    },
    rest: {
      sources: {
        deployments: { path: 'deployments' },
        proxies: { path: '.openzeppelin' },
        ignition: { path: 'ignition/deployments' },
      },
    },
  };
  config({ includeSecrets: true, categories });
  const validated = await json('validate', 'validate');
  expect(check(validated, 'coverage')).toMatchObject([{ status: 'ok' }]);
  expect(check(validated, 'secrets-taken')).toMatchObject([{ status: 'info', paths: ['.env'] }]);
  const report = await json('create', 'create');
  expect(found(report, 'secret-taken')).toMatchObject([{ path: '.env' }]);
  expect(await storedIn(report.backupId)).toMatchObject({
    '.env': ['state', 'env'],
    'data/kv/CURRENT': ['state', 'kv'],
  });
  expect((await json('report', 'report')).answers.coverage.yes).toBe(true);
  expect(readFileSync(path.join(root, '.env'), 'utf8')).toContain('0xdeadbeef');

  const {
    state: {
      sources: { kv: _kv, ...sources },
    },
    rest,
  } = categories;
  config({ ignore: ['data/kv'], categories: { state: { sources }, rest } });
  expect(check(await json('validate', 'validate'), 'coverage')).toMatchObject([{ status: 'ok' }]);
});

test('init --add writes the source that the finding proposes, and the second time nothing', async () => {
  writeFileSync(path.join(root, 'migbackup.config.json'), '{\n  // as it was\n  "preset": "default"\n}\n');
  const [gap] = check(await json('validate', 'validate'), 'coverage');
  const added = await json('init', 'init', '--add', 'data/kv');
  expect(added.findings.filter(({ code }) => code === 'coverage')).toEqual([]);
  const text = readFileSync(path.join(root, 'migbackup.config.json'), 'utf8');
  expect(text).toContain('// as it was');
  const { categories } = JSON.parse(text.replace('// as it was', ''));
  expect(categories).toEqual({ databases: { sources: { 'data-kv': { path: 'data/kv', type: 'leveldb' } } } });
  expect(gap).toMatchObject({ evidence: { categories } });
  expect(gap?.recommendation).toContain(`"categories": ${JSON.stringify(categories)}`);
  await json('init', 'init', '--add', './data/kv', '--add', 'data/kv');
  expect(readFileSync(path.join(root, 'migbackup.config.json'), 'utf8')).toBe(text);
  expect(check(await json('validate', 'validate'), 'coverage')).toMatchObject([{ status: 'ok' }]);
});
