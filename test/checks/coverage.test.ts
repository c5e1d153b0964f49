import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { coverageFindings } from '../../src/core/checks/coverage.ts';
import { resolveProject } from '../../src/core/config/project.ts';
import type { Finding } from '../../src/core/model/finding.ts';
import { Ownership } from '../../src/core/scan/ownership.ts';
import { put, putAll } from '../support/files.ts';
import { git, pushAll } from '../support/git.ts';
import { tempFolder } from '../support/temp-folder.ts';

type Contents = Readonly<Record<string, string | Buffer>>;

function findingsIn(root: string): Promise<Finding[]> {
  const project = resolveProject({ cwd: root, env: {} });
  return coverageFindings(project, new Ownership(project.config.categories));
}

/** `roots: kind` of each finding in a folder with these files and this config. */
async function gaps(contents: Contents, config?: object): Promise<string[]> {
  using folder = tempFolder();
  put(folder.path, 'package.json', '{}');
  for (const [file, text] of Object.entries(contents)) put(folder.path, file, text);
  if (config !== undefined) put(folder.path, 'migbackup.config.json', JSON.stringify(config));
  return said(await findingsIn(folder.path));
}

function said(findings: readonly Finding[]): string[] {
  return findings.map(({ paths = [], evidence }) => `${paths.join(' ')}: ${String(evidence?.['kind'])}`).toSorted();
}

const empty = (...files: string[]): Contents => Object.fromEntries(files.map((file) => [file, '']));
const leveldb = (folder: string): Contents =>
  empty(...['CURRENT', 'MANIFEST-000002', '000003.log'].map((name) => `${folder}/${name}`));
const ADDRESS = '0x5FbDB2315678afecb367f032d93F642f64180aa3';

function sqlite(root: string, file: string): void {
  put(root, file, '');
  const database = new DatabaseSync(path.join(root, file));
  database.exec('create table t (a)');
  database.close();
}

test('a project that the preset covers has no gaps', async () => {
  const files = ['deployments/a.json', '.openzeppelin/x.json', 'broadcast/a/1/run.json'];
  expect(await gaps({ ...leveldb('leveldb'), ...empty(...files) })).toEqual([]);
});

describe('databases, by their content', () => {
  test('wherever they stand and whatever they are called, but never in dependencies', async () => {
    using folder = tempFolder();
    put(folder.path, 'package.json', '{}');
    const places = ['app.store', 'build/a.bin', 'cache/b', 'out/c.dat', 'target/debug/d', `${'deep/'.repeat(60)}e`];
    for (const place of [...places, 'node_modules/x/f.bin', '.git/g.bin', 'backups/h.bin']) sqlite(folder.path, place);
    expect(said(await findingsIn(folder.path))).toEqual([`${places.toSorted().join(' ')}: SQLite`]);
  });

  test('a link that leads out of the project is named, and one that stays in it is not', async () => {
    using folder = tempFolder();
    using elsewhere = tempFolder();
    put(folder.path, 'package.json', '{}');
    sqlite(elsewhere.path, 'live.db');
    symlinkSync(elsewhere.path, path.join(folder.path, 'data'));
    symlinkSync('package.json', path.join(folder.path, 'same.json'));
    symlinkSync('nowhere', path.join(folder.path, 'broken'));
    const findings = await findingsIn(folder.path);
    expect(findings).toMatchObject([{ code: 'coverage', severity: 'warning', paths: ['data'] }]);
    expect(findings[0]?.message).toBe(
      'data leads out of the project: no backup has what is behind a link, and it was not looked at',
    );
  });

  test('backups in another folder are none', async () => {
    using folder = tempFolder();
    put(folder.path, 'package.json', '{}');
    put(folder.path, 'old-backups/migration-2026-01-02T03-04-05-678Z/BACKUP_MANIFEST.json', '{}');
    put(folder.path, 'old-backups/lock.db', '');
    sqlite(folder.path, 'old-backups/migration-2026-01-02T03-04-05-678Z/x.db');
    expect(await findingsIn(folder.path)).toEqual([]);
    rmSync(path.join(folder.path, 'old-backups/lock.db'));
    expect(said(await findingsIn(folder.path))).toHaveLength(1);
  });

  test('those in folders: LevelDB, RocksDB, LMDB', async () => {
    const mdb = Buffer.alloc(8192);
    mdb.writeUInt32LE(0xbeefc0de, 16);
    expect(
      await gaps({
        ...leveldb('cache/db'),
        'rocks/MANIFEST-000001': '',
        'rocks/CURRENT': 'MANIFEST-000001\n',
        'rocks/OPTIONS-000001': '[Version]\n  rocksdb_version=8\n',
        'lmdb/data.mdb': mdb,
        'lmdb/lock.mdb': '',
      }),
    ).toEqual(['cache/db: LevelDB', 'lmdb: an LMDB database', 'rocks: a RocksDB database']);
  });

  test('what is left of one: without its MANIFEST, without CURRENT, without both; not a folder of logs', async () => {
    const left = 'what is left of a LevelDB database';
    expect(
      await gaps({
        ...empty('a/CURRENT', 'a/000005.ldb', 'b/MANIFEST-000001', 'b/000003.log', 'c/000005.ldb'),
        ...empty('logs/20240101.log', 'logs/LOG', 'other/CURRENT'),
      }),
    ).toEqual([`a: ${left}`, `b: ${left}`, `c: ${left}`]);
  });

  test('one right in the folder of the project, and what is beside it', async () => {
    const files = { CURRENT: '', 'MANIFEST-000002': '', '000003.log': '', ...leveldb('data/kv') };
    expect(await gaps(files)).toEqual(['.: LevelDB', 'data/kv: LevelDB']);
    using folder = tempFolder();
    for (const [file, text] of Object.entries(files)) put(folder.path, file, text);
    expect((await findingsIn(folder.path))[0]?.recommendation).toMatch(
      /^Move the database .* into a folder of its own/,
    );
  });

  test('many in one folder are one root', async () => {
    const packs = Array.from({ length: 30 }, (_, at) => leveldb(`world/packs/${at}`));
    expect(await gaps(Object.assign({ 'world/index.html': '', 'world/a.js': '' }, ...packs))).toEqual([
      'world: LevelDB',
    ]);
  });
});

describe('registries, by their content', () => {
  const registry = (text: unknown): string => JSON.stringify(text);

  test.each<[string, string, object]>([
    ['a chain as key', 'src/lib/a.json', { mainnet: { Token: ADDRESS } }],
    ['a chain id as key', 'src/lib/a.json', { 11155111: [{ name: 'Token', address: ADDRESS }] }],
    ['a chain beside it', 'src/lib/a.json', { chainId: 10, contracts: { Token: { at: ADDRESS } } }],
    ['a chain as name of the file', 'config/base-sepolia.json', { Token: ADDRESS }],
    ['a chain as name of the folder', 'external/arbitrumOne/Token.json', { address: ADDRESS, abi: [] }],
    ['chains beside it', 'src/lib/a.json', { networkAddresses: { 10: 'v1' }, v1: { address: ADDRESS } }],
    ['transactions by address', 'txs/mainnet.json', { [ADDRESS]: `0x${'1'.repeat(64)}` }],
    ['a list of them', 'src/lib/a.json', [{ network: 'Mainnet', type: 'contract', address: ADDRESS }]],
    ['what is only called like build output', 'src/artifacts/mainnet/A.json', { address: ADDRESS, abi: [] }],
    ['an artifact of Truffle', 'build/contracts/A.json', { contractName: 'A', networks: { 1: { address: ADDRESS } } }],
    [
      'hardhat-deploy',
      'old/A.json',
      { address: ADDRESS, abi: [], transactionHash: '0x1', args: [], numDeployments: 1 },
    ],
  ])('%s', async (_, file, value) => {
    const config = { categories: { none: { sources: { none: { path: 'none' } } } } };
    expect(await gaps({ [file]: registry(value), 'src/lib/a.ts': '', 'src/lib/b.ts': '' }, config)).toContain(
      `${file}: addresses on a chain`,
    );
  });

  test.each<[string, string, unknown]>([
    ['addresses without a chain', 'src/holders.json', { holders: { a: ADDRESS } }],
    ['a list of holders', 'src/mainnet.json', [ADDRESS, ADDRESS]],
    ['an ABI', 'src/contracts.json', [{ type: 'function', name: 'mainnet' }]],
    ['a list of tokens', 'src/list.json', { tokens: [{ chainId: 1, address: ADDRESS, decimals: 18 }] }],
    ['a deployment of Kubernetes', 'k8s/deployment.json', { apiVersion: 'apps/v1', kind: 'Deployment' }],
    ['one of Kubernetes in a folder of them', 'k8s/deployments/a.json', { apiVersion: 'apps/v1', kind: 'Deployment' }],
    ['the registry of a component library', 'src/registry.json', { name: 'ui', items: ['button'] }],
    ['what tests read', 'test/fixtures/addresses.json', { mainnet: { Token: ADDRESS } }],
    ['what can be made again', 'artifacts/addresses.json', { mainnet: { Token: ADDRESS } }],
    ['a TypeScript config', 'src/tsconfig.mainnet.json', { mainnet: { Token: ADDRESS } }],
  ])('not %s', async (_, file, value) => {
    expect(await gaps({ [file]: registry(value) })).toEqual([]);
  });

  test('source code and manifests are none', async () => {
    expect(await gaps(empty('src/deploy.ts', 'k8s/deployments/web.yaml', 'a/deployments/Deploy.s.sol'))).toEqual([]);
  });

  test('one that is too big to be parsed is judged by its beginning', async () => {
    const one = `"Token":"${ADDRESS}",`;
    const text = `{"all":{${one.repeat(Math.ceil((17 << 20) / one.length))}"z":0}}`;
    expect(await gaps({ 'src/all.json': text, 'src/other.json': text.replaceAll('0x', '') })).toEqual([
      'src/all.json: addresses on a chain',
    ]);
  });
});

test('state by its name, one root however many networks it has', async () => {
  expect(
    await gaps(
      empty(
        'packages/a/.openzeppelin/mainnet.json',
        'packages/a/ignition/deployments/chain-1/journal.jsonl',
        'packages/a/ignition/deployments/chain-10/journal.jsonl',
        'packages/a/broadcast/D.s.sol/1/run-latest.json',
        'packages/a/index.ts',
        'packages/a/foo.ts',
        'old/deployments-v1/mainnet.json',
        'deployments-old/one/a.json',
        'deployments-old/two/b.json',
        'deployments-old/test/c.json',
        'v2/tasks/1/output/mainnet.json',
        'v2/tasks/2/output/mainnet.json',
        'v2/tasks/2/index.ts',
      ),
    ),
  ).toEqual([
    'deployments-old old/deployments-v1: deployment records',
    'packages/a/.openzeppelin: OpenZeppelin proxy manifests',
    'packages/a/broadcast: Foundry broadcasts',
    'packages/a/ignition/deployments: Ignition deployments',
    'v2/tasks: inputs and outputs of deployment tasks',
  ]);
});

test('what a pattern leaves out of a category is a gap too, and what is ignored is known', async () => {
  const categories = { c: { sources: { s: { path: 'deployments', exclude: ['old'] } } } };
  const files = empty('deployments/a.json', 'deployments/old/b.json', 'deployments/old/c.json');
  expect(await gaps(files, { categories })).toEqual(['deployments: deployment records']);
  expect(await gaps(files, { categories, ignore: ['deployments/old/'] })).toEqual([]);
});

test('a hundred thousand are a handful: a root has a count', async () => {
  using folder = tempFolder();
  put(folder.path, 'package.json', '{}');
  const files = Array.from({ length: 120 }, (_, at) => `x/${at}/addresses.json`);
  putAll(folder.path, [...files, ...files.flatMap((file) => [`${file}.ts`, `${file}.js`])]);
  const [finding, second] = await findingsIn(folder.path);
  expect(finding).toMatchObject({
    code: 'coverage',
    severity: 'warning',
    path: 'x',
    paths: ['x'],
    evidence: {
      files: 120,
      categories: { registries: { sources: { x: { path: 'x', include: ['**/addresses.json'] } } } },
    },
  });
  expect(second).toBeUndefined();
});

test.skipIf(process.getuid?.() === 0)(
  'a folder that this user may not look into (needs a user who is not root)',
  async () => {
    using folder = tempFolder();
    putAll(folder.path, ['package.json', 'locked/a.json']);
    chmodSync(path.join(folder.path, 'locked'), 0);
    try {
      expect(await findingsIn(folder.path)).toMatchObject([
        { code: 'coverage', severity: 'warning', paths: ['locked'] },
      ]);
    } finally {
      chmodSync(path.join(folder.path, 'locked'), 0o700);
    }
  },
);

test.skipIf(process.platform !== 'linux')('a name that is not UTF-8 is said (needs Linux)', async () => {
  using folder = tempFolder();
  putAll(folder.path, ['package.json']);
  mkdirSync(Buffer.concat([Buffer.from(`${folder.path}/bad`), Buffer.from([0xff])]));
  expect(await findingsIn(folder.path)).toMatchObject([
    { code: 'coverage', severity: 'warning', paths: ['bad\uFFFD'] },
  ]);
});

test('keys among tests are named too, but not the inputs of tests that git has', async () => {
  using folder = tempFolder();
  using remote = tempFolder();
  put(folder.path, 'package.json', '{}');
  put(folder.path, 'test/fixtures/tls.pem', 'x');
  pushAll(folder.path, path.join(remote.path, 'remote.git'));
  put(folder.path, 'e2e/.env', 'PRIVATE_KEY=1');
  put(folder.path, 'tests/keys/program-keypair.json', '[1]');
  const paths = (await findingsIn(folder.path))
    .filter(({ code }) => code === 'secret-not-covered')
    .flatMap((each) => each.paths ?? []);
  expect(paths.toSorted()).toEqual(['e2e/.env', 'tests/keys/program-keypair.json']);
});

test('keys and other secrets have findings of their own', async () => {
  using folder = tempFolder();
  put(folder.path, 'migbackup.config.json', JSON.stringify({ categories: { c: { sources: { s: { path: 'c' } } } } }));
  putAll(folder.path, [
    'target/deploy/app-keypair.json',
    'target/deploy/app.so',
    'apps/web/.env',
    'apps/web/.env.example',
  ]);
  expect(await findingsIn(folder.path)).toMatchObject([
    { code: 'secret-not-covered', severity: 'info', paths: ['apps/web/.env'] },
    { code: 'secret-not-covered', severity: 'warning', paths: ['target/deploy'] },
  ]);
});

describe('what git knows', () => {
  /** A work tree with one pushed commit of these files. */
  function pushed(folder: string, files: readonly string[]): string {
    const [remote, work] = [path.join(folder, 'remote'), path.join(folder, 'work')];
    putAll(work, ['package.json', ...files]);
    pushAll(work, remote);
    return work;
  }

  test('what is tracked, unmodified and pushed is said, and what a cleanup destroys comes first', async () => {
    using folder = tempFolder();
    const work = pushed(folder.path, ['a/addresses.json', 'b/addresses.json', 'c/addresses.json', '.gitignore']);
    put(work, '.gitignore', '/e/\n');
    put(work, 'b/addresses.json', 'changed');
    put(work, 'c/addresses.json', 'committed, not pushed');
    git(work, 'add', 'c', '.gitignore');
    git(work, 'commit', '-m', 'more');
    put(work, 'd/addresses.json', 'untracked');
    put(work, 'e/addresses.json', 'ignored');
    const findings = await findingsIn(work);
    expect(findings.map(({ path: at, severity, evidence }) => [at, severity, evidence?.['git']])).toEqual([
      ['e/addresses.json', 'warning', { ignored: 1 }],
      ['d/addresses.json', 'warning', { untracked: 1 }],
      ['b/addresses.json', 'warning', { changed: 1 }],
      ['c/addresses.json', 'warning', { unpushed: 1 }],
      ['a/addresses.json', 'info', { pushed: 1 }],
    ]);
  });

  test('each file counts by itself: one database, of which git ignores the log', async () => {
    using folder = tempFolder();
    const work = pushed(folder.path, []);
    for (const [file, text] of Object.entries({ ...leveldb('kv'), '.gitignore': '*.log\n' })) put(work, file, text);
    git(work, 'add', 'kv/CURRENT');
    expect((await findingsIn(work))[0]?.evidence?.['git']).toEqual({ ignored: 1, untracked: 1, changed: 1 });
  });

  test('a change that git is told to overlook, and a file that a filter changes, are no copies', async () => {
    using folder = tempFolder();
    const work = pushed(folder.path, ['a/addresses.json', 'b/addresses.json']);
    git(work, 'update-index', '--assume-unchanged', 'a/addresses.json');
    put(work, '.git/info/attributes', 'b/* filter=lfs\n');
    const findings = await findingsIn(work);
    expect(findings.map(({ severity, evidence }) => [severity, evidence?.['git']])).toEqual([
      ['warning', { changed: 1 }],
      ['warning', { changed: 1 }],
    ]);
  });

  test('what lies in a submodule is tracked there, and what a database leaves beside it does not count', async () => {
    using folder = tempFolder();
    const [inner, work] = [path.join(folder.path, 'inner'), pushed(folder.path, [])];
    putAll(inner, ['test/fixture.db', 'addresses.json']);
    pushAll(inner, `${inner}.git`);
    git(work, '-c', 'protocol.file.allow=always', 'submodule', 'add', `${inner}.git`, 'vendor');
    for (const [file, text] of Object.entries(leveldb('var/kv'))) put(work, file, text);
    git(work, 'add', '.');
    git(work, 'commit', '-m', 'more');
    git(work, 'push', 'origin', 'HEAD');
    put(work, 'var/kv/LOCK', '');
    const findings = await findingsIn(work);
    expect(findings.map(({ path: at, severity, evidence }) => [at, severity, evidence?.['git']])).toEqual([
      ['vendor/addresses.json', 'warning', { changed: 1 }],
      ['var/kv', 'info', { pushed: 3 }],
    ]);
  });

  test('a database among the inputs of tests is source code if it is tracked, and state if it is not', async () => {
    using folder = tempFolder();
    const work = pushed(folder.path, []);
    sqlite(work, 'test/app.bin');
    expect(said(await findingsIn(work))).toEqual(['test/app.bin: SQLite']);
    git(work, 'add', 'test');
    expect(await findingsIn(work)).toEqual([]);
  });

  test('without a commit, and without a remote, nothing is pushed', async () => {
    using folder = tempFolder();
    putAll(folder.path, ['package.json', 'a/addresses.json']);
    git(folder.path, 'init');
    expect(await findingsIn(folder.path)).toMatchObject([{ severity: 'warning', evidence: { git: { untracked: 1 } } }]);
    git(folder.path, 'add', '.');
    expect(await findingsIn(folder.path)).toMatchObject([{ severity: 'warning', evidence: { git: { changed: 1 } } }]);
    git(folder.path, 'commit', '-m', 'all');
    expect(await findingsIn(folder.path)).toMatchObject([{ severity: 'warning', evidence: { git: { unpushed: 1 } } }]);
    rmSync(path.join(folder.path, '.git'), { recursive: true });
    expect(await findingsIn(folder.path)).toMatchObject([{ severity: 'warning', evidence: { git: null } }]);
  });
});
