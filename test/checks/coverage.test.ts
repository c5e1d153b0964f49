import { expect, test } from 'vitest';
import { coverageFindings } from '../../src/core/checks/coverage.ts';
import { resolveProject } from '../../src/core/config/project.ts';
import { Ownership } from '../../src/core/scan/ownership.ts';
import { put, putAll } from '../support/files.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** `path kind files` of each gap in a folder with these files and this config. */
function gaps(files: readonly string[], config?: object, contents: Readonly<Record<string, string>> = {}): string[] {
  using folder = tempFolder();
  put(folder.path, 'package.json', '{}');
  putAll(folder.path, files);
  for (const [file, text] of Object.entries(contents)) put(folder.path, file, text);
  if (config !== undefined) put(folder.path, 'migbackup.config.json', JSON.stringify(config));
  const project = resolveProject({ cwd: folder.path, env: {} });
  return coverageFindings(project, new Ownership(project.config.categories)).map(
    ({ path, evidence }) => `${path}: ${String(evidence?.['kind'])} ${String(evidence?.['files'])}`,
  );
}

const DATABASE = ['CURRENT', 'MANIFEST-000002', '000003.log'];

test('a project that the preset covers has no gaps', () => {
  expect(
    gaps([
      ...DATABASE.map((name) => `leveldb/${name}`),
      'deployments/a.json',
      '.openzeppelin/x.json',
      'broadcast/a/1/run.json',
    ]),
  ).toEqual([]);
});

test('databases wherever they stand, also in build output, never in dependencies', () => {
  const at = (folder: string): string[] => DATABASE.map((name) => `${folder}/${name}`);
  expect(
    gaps([...at('data/deep/db'), ...at('cache/db'), ...at('node_modules/x/db'), ...at('backups/db'), ...at('.git/db')]),
  ).toEqual(['cache/db: LevelDB 1', 'data/deep/db: LevelDB 1']);
  const rocks = { 'rocks/CURRENT': 'MANIFEST-000001\n', 'rocks/OPTIONS-000001': '[Version]\n  rocksdb_version=8\n' };
  expect(gaps(['rocks/MANIFEST-000001'], undefined, rocks)).toEqual(['rocks: a RocksDB database 1']);
});

test('state by its name, grouped by folder', () => {
  const files = [
    'packages/a/.openzeppelin/mainnet.json',
    'packages/a/ignition/deployments/chain-1/journal.jsonl',
    'packages/a/broadcast/D.s.sol/1/run-latest.json',
    'deployments-old/one.json',
    'deployments-old/two.json',
    'config/addresses.json',
    'var/app.sqlite',
    'artifacts/addresses.json',
    'src/deploy.ts',
  ];
  expect(gaps(files).toSorted()).toEqual([
    'config: deployment records 1',
    'deployments-old: deployment records 2',
    'packages/a/.openzeppelin: OpenZeppelin proxy manifests 1',
    'packages/a/broadcast/D.s.sol/1: Foundry broadcasts 1',
    'packages/a/ignition/deployments/chain-1: Ignition deployments 1',
    'var: a database file 1',
  ]);
});

test('what a pattern leaves out of a category is a gap too', () => {
  const categories = { c: { sources: { s: { path: 'deployments', exclude: ['old'] } } } };
  expect(gaps(['deployments/a.json', 'deployments/old/b.json'], { categories })).toEqual([
    'deployments/old: deployment records 1',
  ]);
});

test('what is ignored is known', () => {
  expect(
    gaps(['deployments-old/one.json', 'addresses.json'], { ignore: ['deployments-old/', 'addresses.json'] }),
  ).toEqual([]);
});

test('every file is named', () => {
  using folder = tempFolder();
  put(folder.path, 'package.json', '{}');
  const files = Array.from({ length: 120 }, (_, at) => `deployments-x/${at}.json`);
  putAll(folder.path, files);
  const project = resolveProject({ cwd: folder.path, env: {} });
  const [finding] = coverageFindings(project, new Ownership(project.config.categories));
  expect(finding).toMatchObject({ code: 'not-covered', severity: 'warning' });
  expect(finding?.affects?.toSorted()).toEqual(files.toSorted());
});
