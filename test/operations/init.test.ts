import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { coverageFindings } from '../../src/core/checks/coverage.ts';
import { checkConfig } from '../../src/core/checks/preflight/setup.ts';
import { presetCategories } from '../../src/core/config/preset.ts';
import { resolveProject } from '../../src/core/config/project.ts';
import { initReportSchema, type InitReport } from '../../src/core/model/init-report.ts';
import { init } from '../../src/core/operations/init.ts';
import { addIgnored } from '../../src/core/config/setup/gitignore.ts';
import { addToSection } from '../../src/core/config/setup/package-json.ts';
import { SCRIPTS } from '../../src/core/config/setup/npm-scripts.ts';
import { Ownership } from '../../src/core/scan/ownership.ts';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import { put, putAll } from '../support/files.ts';
import { tempFolder } from '../support/temp-folder.ts';

const context = { tool: { name: 'migbackup', version: '0.0.0', runtime: 'test' } };

async function run(root: string, dryRun = false): Promise<InitReport> {
  const report = await init(root, { dryRun, env: {} }, context);
  return initReportSchema.parse(report);
}

function codes(report: InitReport): string[] {
  return report.findings.map(({ code }) => code);
}

describe('init', () => {
  test('sets a project up; a dry run says the same and changes nothing; twice is the same as once', async () => {
    using folder = tempFolder();
    put(
      folder.path,
      'package.json',
      '{\n  "name": "x",\n  "workspaces": ["pkgs/*"],\n  "devDependencies": { "migbackup": "*" }\n}\n',
    );
    putAll(folder.path, [
      '.openzeppelin/mainnet.json',
      'deployments/a.json',
      'pkgs/one/package.json',
      'pkgs/one/deployments/b.json',
      'README.md',
    ]);
    const before = readTree(folder.path);

    const planned = await run(folder.path, true);
    expect(compareTrees(before, readTree(folder.path))).toEqual([]);

    const report = await run(folder.path);
    expect(report.changes).toEqual(planned.changes);
    expect(report).toMatchObject({
      status: 'changed',
      dryRun: false,
      config: null,
      workspaces: ['pkgs/one'],
      installed: true,
      findings: [],
    });
    expect(report.changes.map(({ file, action }) => [file, action])).toEqual([
      ['migbackup.config.json', 'create'],
      ['package.json', 'edit'],
      ['.gitignore', 'create'],
    ]);
    expect(JSON.parse(readFileSync(path.join(folder.path, 'package.json'), 'utf8'))).toMatchObject({
      name: 'x',
      scripts: SCRIPTS,
    });
    expect(readFileSync(path.join(folder.path, '.gitignore'), 'utf8')).toBe('/backups/\n/.migbackup/\n');
    // What it covers is what it said, and is more than the preset: the workspace, too.
    const { config, repository } = resolveProject({ cwd: folder.path, env: {} });
    expect(repository).toBe(`${folder.path}/backups`);
    const covered = config.categories.flatMap(({ sources }) => sources);
    expect(report.sources.map(({ category, source, path }) => ({ category, name: source, path }))).toEqual(
      covered.map(({ category, name, path }) => ({ category, name, path })),
    );
    expect(report.changes[0]?.adds).toEqual([
      'preset: default',
      'presets.registries: pkgs/one',
      'presets.project: pkgs/one',
    ]);
    expect(report.found.map(({ preset, folder, because, applied }) => [preset, folder, because, applied])).toEqual([
      ['openzeppelin', '.', '.openzeppelin', true],
      ['registries', '.', 'deployments', true],
      ['project', '.', 'package.json', true],
      ['registries', 'pkgs/one', 'deployments', true],
      ['project', 'pkgs/one', 'package.json', true],
    ]);
    const preset = presetCategories(folder.path, {}).flatMap(({ sources }) => sources);
    expect(covered).toEqual(expect.arrayContaining(preset));
    const theirs = covered.filter(({ path }) => path === 'pkgs/one' || path.startsWith('pkgs/one/'));
    expect(covered).toHaveLength(preset.length + theirs.length);
    expect(theirs.map(({ category, name }) => `${category}/${name}`)).toContain('legacy-json/pkgs-one-deployments');

    const once = readTree(folder.path);
    expect(await run(folder.path)).toMatchObject({
      status: 'unchanged',
      changes: [],
      config: `${folder.path}/migbackup.config.json`,
    });
    expect(compareTrees(once, readTree(folder.path))).toEqual([]);
  });

  test('of a thousand workspaces the state is covered, and what is not is said', async () => {
    using folder = tempFolder();
    put(folder.path, 'package.json', '{"workspaces": ["p/*"]}');
    for (let at = 0; at < 1000; at++) put(folder.path, `p/p${at}/package.json`, '{}');
    putAll(folder.path, ['p/p7/foundry.toml', 'p/p7/broadcast/D.s.sol/1/run-latest.json']);
    const { found } = await run(folder.path);
    expect(found.filter(({ applied }) => !applied)).toHaveLength(1000);
    expect(found.filter(({ applied }) => applied).map(({ preset, folder: place }) => `${preset} ${place}`)).toEqual([
      'project .',
      'foundry p/p7',
    ]);
    const { config } = resolveProject({ cwd: folder.path, env: {} });
    expect(new Ownership(config.categories).ownerOf('p/p7/broadcast/D.s.sol/1/run-latest.json')).toBeDefined();
  });

  test('what appears later is covered as by the preset, and what is not there yet is no finding', async () => {
    using folder = tempFolder();
    put(folder.path, 'README.md', 'so');
    await run(folder.path);
    const project = resolveProject({ cwd: folder.path, env: {} });
    expect(checkConfig(project)).toMatchObject({ status: 'ok' });
    put(folder.path, 'broadcast/Deploy.s.sol/1/run-latest.json', '{}');
    const ownership = new Ownership(project.config.categories);
    expect(ownership.ownerOf('broadcast/Deploy.s.sol/1/run-latest.json')).toMatchObject({ external: true });
    expect(await coverageFindings(project, ownership)).toEqual([]);
  });

  test('a place that the environment names is written down, since the next shell may not name it', async () => {
    using folder = tempFolder();
    await init(folder.path, { env: { MANIFEST_DEFAULT_DIR: 'state/oz' } }, context);
    const { config } = resolveProject({ cwd: folder.path, env: {} });
    const [manifests] = config.categories.flatMap(({ name, sources }) => (name === 'proxies' ? sources : []));
    expect(manifests).toMatchObject({ name: 'manifests', path: 'state/oz', external: true });
  });

  test('in a git work tree a place outside is offered, and is written where it is given', async () => {
    using folder = tempFolder();
    const root = path.join(folder.path, 'app');
    mkdirSync(root);
    execFileSync('git', ['init', '--quiet'], { cwd: root });
    const offered = async (dryRun: boolean, cwd: string): Promise<string | undefined> => {
      const { findings } = await init(root, { dryRun, cwd, env: {} }, context);
      return findings.find(({ code }) => code === 'git-cleanable')?.recommendation;
    };
    const line = 'Choose a folder outside of the work tree: migbackup init --backups';
    expect(await offered(true, root)).toBe(`${line} ../app-backups.`);
    expect(await offered(true, path.join(root, 'data'))).toBe(`${line} ../../app-backups.`);
    expect(await offered(true, folder.path)).toBe(`${line} app-backups.`);
    const report = await init(root, { backups: path.join(folder.path, 'app-backups'), env: {} }, context);
    expect(report.findings.map(({ code }) => code)).not.toContain('git-cleanable');
    expect(resolveProject({ cwd: root, env: {} }).repository).toBe(path.join(folder.path, 'app-backups'));
    const again = await init(root, { backups: path.join(folder.path, 'elsewhere'), env: {} }, context);
    expect(again.findings.find(({ code }) => code === 'left-alone')?.message).toBe(
      'migbackup.config.json exists already, and keeps backups in ../app-backups',
    );
  });

  test('an existing config stays and is what is reported; its repository is ignored in git', async () => {
    using folder = tempFolder();
    put(
      folder.path,
      'migbackup.config.json',
      '{"backups": "var/safe", "categories": {"mine": {"sources": {"s": {"path": "data"}}}}}',
    );
    const report = await run(folder.path);
    expect(report.sources).toEqual([
      { category: 'mine', source: 's', path: 'data', exists: false },
      { category: 'configs', source: 'migbackup', path: 'migbackup.config.json', exists: true },
    ]);
    expect(readFileSync(path.join(folder.path, '.gitignore'), 'utf8')).toBe('/var/safe/\n/.migbackup/\n');
    expect(codes(report)).toEqual(['left-alone']);
  });

  test('package.json#migbackup counts as a config', async () => {
    using folder = tempFolder();
    put(folder.path, 'package.json', '{"migbackup": {"level": 3}}');
    expect((await run(folder.path)).changes.map(({ file }) => file)).toEqual(['package.json', '.gitignore']);
  });

  test('an invalid config is an error and nothing is changed', async () => {
    using folder = tempFolder();
    put(folder.path, 'package.json', '{}');
    put(folder.path, 'migbackup.config.json', '{"nonsense": 1}');
    const before = readTree(folder.path);
    await expect(run(folder.path)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(compareTrees(before, readTree(folder.path))).toEqual([]);
  });

  test('scripts that do something else stay, and are said', async () => {
    using folder = tempFolder();
    put(folder.path, 'package.json', '{\n  "scripts": {\n    "backup:create": "node old.js"\n  }\n}');
    const report = await run(folder.path);
    expect(codes(report)).toEqual(['script-kept', 'not-installed']);
    expect(JSON.parse(readFileSync(path.join(folder.path, 'package.json'), 'utf8')).scripts).toEqual({
      ...SCRIPTS,
      'backup:create': 'node old.js',
    });
  });

  test('state that no category covers is said', async () => {
    using folder = tempFolder();
    putAll(folder.path, ['data/db/CURRENT', 'data/db/MANIFEST-000001']);
    expect((await run(folder.path)).findings).toContainEqual(
      expect.objectContaining({ code: 'coverage', path: 'data/db' }),
    );
  });

  test.each([
    ['broken', (file: string) => writeFileSync(file, '{"name": ')],
    ['not UTF-8', (file: string) => writeFileSync(file, Buffer.from([0x7b, 0xff, 0x7d]))],
    ['a link', (file: string) => symlinkSync('elsewhere.json', file)],
  ])('a package.json that is %s is left alone', async (_, make) => {
    using folder = tempFolder();
    put(folder.path, 'elsewhere.json', '{}');
    make(path.join(folder.path, 'package.json'));
    const before = readTree(folder.path);
    const report = await run(folder.path);
    expect(codes(report)).toContain('left-alone');
    expect(compareTrees(before, readTree(folder.path))).toEqual([
      '.gitignore: is new',
      'migbackup.config.json: is new',
    ]);
  });
});

const addScripts = (text: string) => addToSection(text, 'scripts', SCRIPTS);

test('--install makes it a devDependency, once, and keeps every other byte', async () => {
  using folder = tempFolder();
  const scripts = JSON.stringify(SCRIPTS).slice(1, -1);
  put(folder.path, 'package.json', `{"name":"x","scripts":{${scripts}},"devDependencies":{"a":"1"}}\n`);
  const first = await init(folder.path, { install: true, env: {} }, context);
  expect(first.installed).toBe(true);
  expect(codes(first)).not.toContain('not-installed');
  const text = `{"name":"x","scripts":{${scripts}},"devDependencies":{"a":"1","migbackup":"^0.0.0"}}\n`;
  expect(readFileSync(path.join(folder.path, 'package.json'), 'utf8')).toBe(text);
  expect((await init(folder.path, { install: true, env: {} }, context)).status).toBe('unchanged');
  expect(readFileSync(path.join(folder.path, 'package.json'), 'utf8')).toBe(text);
});

describe('addToSection keeps every other byte', () => {
  const B = Object.entries(SCRIPTS).map(([name, command]) => `"${name}": "${command}"`);
  test.each([
    [
      'two spaces',
      '{\n  "a": 1,\n  "scripts": {\n    "t": "x"\n  },\n  "z": []\n}\n',
      `{\n  "a": 1,\n  "scripts": {\n    "t": "x",\n    ${B.join(',\n    ')}\n  },\n  "z": []\n}\n`,
    ],
    [
      'tabs, CRLF, no newline at the end',
      '{\r\n\t"scripts": {\r\n\t\t"t": "x"\r\n\t}\r\n}',
      `{\r\n\t"scripts": {\r\n\t\t"t": "x",\r\n\t\t${B.join(',\r\n\t\t')}\r\n\t}\r\n}`,
    ],
    [
      'a byte order mark, no scripts',
      '\uFEFF{\n    "a": 1\n}\n',
      `\uFEFF{\n    "a": 1,\n    "scripts": {\n        ${B.join(',\n        ')}\n    }\n}\n`,
    ],
    ['empty scripts', '{\n  "scripts": {}\n}\n', `{\n  "scripts": {\n    ${B.join(',\n    ')}\n  }\n}\n`],
    ['one line', '{"a": 1, "scripts": {"t": "x"}}\n', `{"a": 1, "scripts": {"t": "x", ${B.join(', ')}}}\n`],
    ['one dense line', '{"a":1}', `{"a":1,"scripts":{${B.map((one) => one.replace(': ', ':')).join(',')}}}`],
    ['nothing', '{}\n', `{\n  "scripts": {\n    ${B.join(',\n    ')}\n  }\n}\n`],
    [
      'scripts on one line in a longer text',
      '{\n  "scripts": { "t": "x" },\n  "u": 1\n}',
      `{\n  "scripts": { "t": "x", ${B.join(', ')} },\n  "u": 1\n}`,
    ],
    [
      'odd spacing',
      '{ "a" :1 ,\n\n   "scripts":{\n "t":"x"   }\n , "z":0}',
      `{ "a" :1 ,\n\n   "scripts":{\n "t":"x",\n ${B.map((one) => one.replace(': ', ':')).join(',\n ')}   }\n , "z":0}`,
    ],
  ])('%s', (_, before, after) => {
    const edit = addScripts(before);
    expect(edit.text).toBe(after);
    const plain = (text: string): { scripts?: object } => JSON.parse(text.replace(/^\uFEFF/, ''));
    expect(plain(edit.text)).toEqual({ ...plain(before), scripts: { ...plain(before).scripts, ...SCRIPTS } });
    expect(addScripts(edit.text)).toMatchObject({ text: edit.text, added: [], kept: [] });
  });

  test('only what is missing is added', () => {
    const text = `{\n  "scripts": {\n    ${B.slice(0, 4).join(',\n    ')}\n  }\n}\n`;
    expect(addScripts(text).added).toEqual(['backup:validate']);
  });

  test.each([['[]'], ['"x"'], ['{'], [''], ['{"scripts": []}'], ['{"a": 1,}']])('%j is left as it is', (text) => {
    expect(addScripts(text)).toMatchObject({ text, added: [], problem: expect.any(String) });
  });
});

test.each([
  ['', '/backups/\n/.migbackup/\n'],
  ['node_modules', 'node_modules\n/backups/\n/.migbackup/\n'],
  ['a\r\nb\r\n', 'a\r\nb\r\n/backups/\r\n/.migbackup/\r\n'],
  ['/backups/**\n', '/backups/**\n/.migbackup/\n'],
  ['backups\n.migbackup/', 'backups\n.migbackup/'],
  ['deployments/backups/\n', 'deployments/backups/\n/backups/\n/.migbackup/\n'],
])('.gitignore %j becomes %j', (before, after) => {
  const { text } = addIgnored(before, ['backups', '.migbackup']);
  expect(text).toBe(after);
  expect(addIgnored(text, ['backups', '.migbackup'])).toEqual({ text: after, added: [] });
});
