import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/core/config/load.ts';
import { resolveProject } from '../../src/core/config/project.ts';
import type { InitReport } from '../../src/core/model/init-report.ts';
import { create } from '../../src/core/operations/create.ts';
import { init } from '../../src/core/operations/init.ts';
import { validate } from '../../src/core/operations/validate.ts';
import { put, putAll } from '../support/files.ts';
import { git, pushAll } from '../support/git.ts';
import { writeDatabase } from '../support/leveldb/write-database.ts';
import { context } from '../support/real-backup.ts';
import { tempFolder } from '../support/temp-folder.ts';

const CONFIG = 'migbackup.config.json';

function add(root: string, ...paths: string[]): Promise<InitReport> {
  return init(root, { env: {}, add: paths, cwd: root }, context);
}

const configOf = (root: string): string => readFileSync(path.join(root, CONFIG), 'utf8');

function ownerOf(root: string, category: string): unknown {
  return loadConfig(root, { env: {} })
    .config.categories.find(({ name }) => name === category)
    ?.sources.map((one) => one.path);
}

/** A project with a database, a registry that presets know and a folder of which nothing is known. */
function makeProject(root: string): void {
  putAll(root, ['package.json', 'old/deployments-v1/mainnet.json', 'notes/a.txt']);
  put(root, 'package.json', '{}');
  writeDatabase(path.join(root, 'data/kv'), [[Buffer.from('key'), Buffer.from('value')]]);
  const database = new DatabaseSync(path.join(root, 'data/app.bin'));
  database.exec('create table t (a)');
  database.close();
}

test('a config that is made now has the sources, with the type and category that coverage found', async () => {
  using folder = tempFolder();
  makeProject(folder.path);
  const report = await add(folder.path, 'data/kv', 'data/app.bin', 'old/deployments-v1', 'notes');
  expect(report.changes[0]).toMatchObject({ file: CONFIG, action: 'create' });
  expect(JSON.parse(configOf(folder.path))).toMatchObject({
    preset: 'default',
    categories: {
      databases: {
        sources: {
          'data-kv': { path: 'data/kv', type: 'leveldb' },
          'data-app-bin': { path: 'data/app.bin', type: 'sqlite' },
        },
      },
      'legacy-json': { sources: { 'old-deployments-v1': { path: 'old/deployments-v1' } } },
      state: { sources: { notes: { path: 'notes' } } },
    },
  });
  expect(report.findings.filter(({ code }) => code === 'coverage')).toEqual([]);
  expect(report.sources).toContainEqual({ category: 'state', source: 'notes', path: 'notes', exists: true });
});

test('of a config that exists every other byte stays, and twice is the same as once', async () => {
  using folder = tempFolder();
  makeProject(folder.path);
  const before = '\uFEFF{\r\n\t// mine\r\n\t"preset": "default", /* so */\r\n\t"categories": { "docs": null }\r\n}\r\n';
  put(folder.path, CONFIG, before);
  expect((await add(folder.path, path.join(folder.path, 'notes'))).changes).toContainEqual({
    file: CONFIG,
    action: 'edit',
    adds: ['state/notes: notes'],
  });
  const once = configOf(folder.path);
  expect(once.replace(/,\s*"state"[^]*?\}\s*\}\s*\}\s*\}(?= \})/, '')).toContain(
    '// mine\r\n\t"preset": "default", /* so */\r\n',
  );
  expect(ownerOf(folder.path, 'state')).toEqual(['notes']);
  expect(ownerOf(folder.path, 'docs')).toBeUndefined();
  expect((await add(folder.path, 'notes', 'notes/a.txt')).changes.map(({ file }) => file)).not.toContain(CONFIG);
  expect(configOf(folder.path)).toBe(once);
});

test('a config without categories keeps what the preset covers, and one that turned a category off keeps it off', async () => {
  using folder = tempFolder();
  makeProject(folder.path);
  put(folder.path, CONFIG, '{"level": 3}');
  await add(folder.path, 'data/kv');
  expect(ownerOf(folder.path, 'proxies')).toBeDefined();
  put(folder.path, CONFIG, '{"preset": "default", "categories": {"databases": null}}');
  await add(folder.path, 'data/kv');
  expect(ownerOf(folder.path, 'databases')).toBeUndefined();
  expect(ownerOf(folder.path, 'state')).toEqual(['data/kv']);
});

test('a dry run says what it would add', async () => {
  using folder = tempFolder();
  makeProject(folder.path);
  put(folder.path, CONFIG, '{}');
  const report = await init(folder.path, { env: {}, add: ['data/kv'], dryRun: true }, context);
  expect(report.changes[0]).toMatchObject({ file: CONFIG, adds: ['databases/data-kv: data/kv'] });
  expect(configOf(folder.path)).toBe('{}');
});

test.each([
  ['nothing/there', 'there is nothing at that path'],
  ['../elsewhere', 'it is outside of the project'],
  ['.', 'it is the project itself'],
  ['', 'it is the project itself'],
  ['backups', 'backups are kept there'],
  ['node_modules/x', 'no backup takes what is in there'],
  ['.git', 'no backup takes what is in there'],
])('%j is refused: %s', async (word, why) => {
  using folder = tempFolder();
  const root = path.join(folder.path, 'project');
  makeProject(root);
  for (const made of ['../elsewhere', 'backups', 'node_modules/x', '.git'])
    mkdirSync(path.join(root, made), { recursive: true });
  await expect(add(root, word)).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining(why) });
});

test('a source that reaches into a database of the config is a conflict, settings in package.json are not written to, nor is a link', async () => {
  using folder = tempFolder();
  makeProject(folder.path);
  put(
    folder.path,
    CONFIG,
    JSON.stringify({ categories: { c: { sources: { s: { path: 'data/kv', type: 'leveldb', exclude: [] } } } } }),
  );
  put(folder.path, 'data/kv/lost/a.txt', 'a');
  await expect(add(folder.path, 'data/kv/lost')).resolves.toMatchObject({
    changes: expect.not.arrayContaining([expect.objectContaining({ file: CONFIG })]),
  });
  using other = tempFolder();
  makeProject(other.path);
  put(other.path, 'package.json', '{"migbackup": {}}');
  await expect(add(other.path, 'data/kv')).rejects.toMatchObject({ code: 'USAGE' });
  using linked = tempFolder();
  makeProject(linked.path);
  put(linked.path, 'real.json', '{}');
  symlinkSync('real.json', path.join(linked.path, CONFIG));
  await expect(add(linked.path, 'data/kv')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});

test('a git project that is well kept is HEALTHY with default settings after init and create', async () => {
  using folder = tempFolder();
  const root = path.join(folder.path, 'project');
  putAll(root, ['hardhat.config.ts', 'contracts/A.sol', 'src/index.ts', '.env']);
  put(root, 'package.json', '{ "name": "kept" }');
  put(root, 'tsconfig.json', '{\n  // strict\n  "compilerOptions": {},\n}');
  put(root, '.gitignore', 'node_modules/\n.env\n');
  put(root, 'deployments/mainnet.json', '{}');
  await init(root, { env: {} }, context);
  pushAll(root, path.join(folder.path, 'remote.git'));
  const project = resolveProject({ cwd: root, env: {} });
  await create(project, { verify: true, allowPartial: false }, context);
  const report = await validate(project, {}, context);
  expect(report.checks.filter(({ status }) => status === 'warning' || status === 'critical')).toEqual([]);
  expect(report.status).toBe('HEALTHY');
  // The one thing that a cleanup would destroy ends that.
  writeDatabase(path.join(root, 'data/kv'), [[Buffer.from('key'), Buffer.from('value')]]);
  expect((await validate(project, {}, context)).status).toBe('WARNING');
  await add(root, 'data/kv');
  git(root, 'add', '.');
  const again = resolveProject({ cwd: root, env: {} });
  expect((await validate(again, {}, context)).status).toBe('HEALTHY');
});
