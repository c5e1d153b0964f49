import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/core/config/load.ts';
import { BackupError } from '../../src/core/model/backup-error.ts';
import { put } from '../support/files.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** Loads a migbackup.config.json with this text. */
function load(text: string) {
  using folder = tempFolder();
  put(folder.path, 'migbackup.config.json', text);
  return loadConfig(folder.path, { env: {} });
}

/** Loads a config whose only category `c` has these sources. */
function loadSources(sources: Record<string, unknown>) {
  return load(JSON.stringify({ categories: { c: { sources } } }));
}

function errorOf(run: () => unknown): BackupError {
  try {
    run();
  } catch (error) {
    if (error instanceof BackupError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('where the configuration comes from', () => {
  test('without a file it is the preset', () => {
    using folder = tempFolder();
    const { config, backups } = loadConfig(folder.path, { env: {} });
    expect(config.file).toBeUndefined();
    expect(backups).toBeUndefined();
    expect(config.categories.map(({ name }) => name)).toEqual([
      'leveldb',
      'legacy-json',
      'unified-json',
      'configs',
      'scripts',
      'docs',
      'proxies',
      'ignition',
      'foundry',
      'registries',
      'databases',
      'keys',
    ]);
    expect(config).toMatchObject({ compression: 'zstd', level: 1, includeSecrets: false, ignore: [] });
  });

  test('categories of a file replace the preset, with comments, trailing commas and a byte order mark', () => {
    const { config, backups } = load(
      '\uFEFF// ours\n{ "$schema": "x", "backups": "var/b", /* one */ "categories": { "db": { "sources": { "main": { "path": "./data/", "type": "leveldb", }, } } }, }',
    );
    expect(backups).toBe('var/b');
    expect(config.categories).toEqual([
      {
        name: 'db',
        sources: [
          {
            category: 'db',
            name: 'main',
            path: 'data',
            type: 'leveldb',
            include: [],
            exclude: [],
            required: false,
            exclusive: true,
            external: false,
          },
        ],
      },
      { name: 'configs', sources: [expect.objectContaining({ name: 'migbackup', path: 'migbackup.config.json' })] },
    ]);
  });

  test.each([
    ['{}', ['configs/mine']],
    ['{"include": ["*.json"]}', ['configs/mine']],
    ['{"include": ["*.json"], "exclude": ["migbackup.*"]}', ['configs/mine', 'configs/migbackup']],
    ['{"include": ["*.md"]}', ['configs/mine', 'configs/migbackup']],
  ])('the file itself is in one source: %s', (rules, expected) => {
    const source = { path: '.', ...JSON.parse(rules) };
    const { config } = load(JSON.stringify({ categories: { configs: { sources: { mine: source } } } }));
    const sources = config.categories.flatMap((category) => category.sources);
    expect(sources.map(({ category, name }) => `${category}/${name}`)).toEqual(expected);
  });

  test('a file without categories keeps those of the preset', () => {
    const { config } = load('{"level": 9, "ignore": ["old"]}');
    expect(config).toMatchObject({ level: 9, ignore: ['old'] });
    expect(config.categories.map(({ name }) => name)).toContain('proxies');
  });

  test('package.json#migbackup counts where there is no file, and the file beats it', () => {
    using folder = tempFolder();
    put(folder.path, 'package.json', '{"name": "x", "migbackup": {"backups": "from-package"}}');
    expect(loadConfig(folder.path, { env: {} }).backups).toBe('from-package');
    put(folder.path, 'migbackup.config.json', '{"backups": "from-file"}');
    expect(loadConfig(folder.path, { env: {} }).backups).toBe('from-file');
  });

  test('a file that is named must exist', () => {
    using folder = tempFolder();
    const error = errorOf(() => loadConfig(folder.path, { file: `${folder.path}/none.json`, env: {} }));
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', path: `${folder.path}/none.json` });
    expect(error.hint).toContain('--config');
  });
});

describe('a config that extends the preset', () => {
  /** `category/source=path` of everything that a config with these categories covers. */
  function extended(categories: Record<string, unknown>): string[] {
    const { config } = load(JSON.stringify({ preset: 'default', categories }));
    return config.categories.flatMap(({ name, sources }) =>
      sources.map((source) => `${name}/${source.name}=${source.path}`),
    );
  }
  const preset = () => extended({});

  test('is the preset where it says nothing else', () => {
    expect(load('{"preset": "default"}').config.categories).toEqual(load('{}').config.categories);
    expect(preset()).toContain('foundry/broadcast=broadcast');
  });

  test('null turns a category off, or a source of it', () => {
    expect(extended({ docs: null, scripts: { sources: { script: null, utils: null } } })).toEqual(
      preset().filter((one) => !/^docs|^scripts\/(script|utils)=/.test(one)),
    );
  });

  test('a source of a name replaces that of the preset, others are added, and so are categories', () => {
    const before = preset().map((one) => (one.startsWith('proxies/') ? 'proxies/manifests=state/oz' : one));
    const at = before.findIndex((one) => one.startsWith('unified-json/'));
    expect(
      extended({
        mine: { sources: { all: { path: 'data' } } },
        'legacy-json': { sources: { app: { path: 'app/deployments' } } },
        proxies: { sources: { manifests: { path: 'state/oz' } } },
      }),
    ).toEqual([...before.slice(0, at), 'legacy-json/app=app/deployments', ...before.slice(at), 'mine/all=data']);
  });

  test('what takes a path of the preset is refused, and the way out is said', () => {
    const sources = { mine: { path: 'deployments' } };
    const error = errorOf(() => extended({ mine: { sources } }));
    expect(error.code).toBe('CONFIG_CONFLICT');
    expect(error.message).toContain('legacy-json/deployments and mine/mine both take deployments');
    expect(error.hint).toContain('null');
    expect(extended({ mine: { sources }, 'legacy-json': null })).toContain('mine/mine=deployments');
  });

  test.each([
    ['another preset', { preset: 'truffle' }, 'preset'],
    ['null for a category that it has not', { preset: 'default', categories: { dosc: null } }, 'docs'],
    ['null for a source', { preset: 'default', categories: { docs: { sources: { rot: null } } } }, 'root'],
    ['null where a config extends nothing', { categories: { docs: null } }, '"preset": "default"'],
    ['the same for a source', { categories: { docs: { sources: { s: null } } } }, '"preset": "default"'],
  ])('%s is refused', (_, settings, part) => {
    const error = errorOf(() => load(JSON.stringify(settings)));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(`${error.message} ${error.hint}`).toContain(part);
  });
});

describe('presets in folders', () => {
  function places(config: Record<string, unknown>): string[] {
    const { categories } = load(JSON.stringify(config)).config;
    return categories.flatMap(({ name, sources }) => sources.map((each) => `${name}/${each.name}=${each.path}`));
  }

  test('apply in the project and there, in the categories of the preset', () => {
    const all = places({ preset: 'default', presets: { foundry: ['./pkg/evm/'], truffle: ['.'] } });
    expect(all).toEqual(expect.arrayContaining(places({})));
    expect(all.filter((one) => one.includes('pkg/evm'))).toEqual([
      'configs/pkg-evm-files=pkg/evm',
      'scripts/pkg-evm-script=pkg/evm/script',
      'foundry/pkg-evm-broadcast=pkg/evm/broadcast',
      'foundry/pkg-evm-cache=pkg/evm/cache',
      'foundry/pkg-evm-cache-forge=pkg/evm/cache_forge',
    ]);
  });

  test('alone are all there is, and categories extend them', () => {
    const categories = { foundry: { sources: { cache: null, 'cache-forge': null, broadcast: { path: 'sent' } } } };
    expect(places({ presets: { foundry: ['.'], move: ['pkg'] }, categories })).toEqual([
      'configs/files=.',
      'configs/pkg-files=pkg',
      'configs/migbackup=migbackup.config.json',
      'scripts/script=script',
      'scripts/pkg-scripts=pkg/scripts',
      'foundry/broadcast=sent',
      'registries/pkg-files=pkg',
      'keys/pkg-aptos=pkg/.aptos',
    ]);
  });

  test.each([
    ['{"presets": {"fundry": ["."]}}', 'presets: there is no preset "fundry", did you mean "foundry"?'],
    ['{"presets": {"zzzzzzzz": ["."]}}', 'presets: there is no preset "zzzzzzzz"'],
    ['{"presets": {"foundry": ["../x"]}}', 'presets.foundry has the folder "../x": ".." as a part'],
    ['{"presets": {"foundry": ["/x"]}}', 'presets.foundry has the folder "/x": absolute path'],
    ['{"presets": {"foundry": [""]}}', 'presets.foundry has the folder "": empty path'],
    ['{"presets": {"foundry": "."}}', 'presets.foundry'],
    [
      `{"presets": {"foundry": ${JSON.stringify(Array.from({ length: 1001 }, (_, at) => `p${at}`))}}}`,
      'presets.foundry',
    ],
  ])('%.60s is refused', (text, message) => {
    const error = errorOf(() => load(text));
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(error.message).toContain(message);
  });

  test('more sources than a walk could ask about are refused', () => {
    const folders = Array.from({ length: 1000 }, (_, at) => `p${at}`);
    const error = errorOf(() =>
      load(JSON.stringify({ presets: { foundry: folders, hardhat: folders, project: folders } })),
    );
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('more than 5000') });
  });
});

describe('what is refused', () => {
  test('a syntax error, by line and column', () => {
    const error = errorOf(() => load('{\n  "backups": "x",\n  "level": ]\n}'));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toContain('line 3, column 12');
  });

  test.each([
    ['an unknown key, by name', '{"backup": "x"}', 'backup'],
    [
      'an unknown key of a source',
      '{"categories": {"c": {"sources": {"s": {"path": "a", "includes": []}}}}}',
      'includes',
    ],
    ['a bad category name', '{"categories": {"My Category": {"sources": {}}}}', 'lower-case'],
    ['a name that would leave the folder', '{"categories": {"../x": {"sources": {}}}}', 'lower-case'],
    ['a bad type', '{"categories": {"c": {"sources": {"s": {"path": "a", "type": "mysql"}}}}}', 'files'],
    ['a list', '[]', 'object'],
    ['nothing', '', 'JSON'],
    ['a level out of range', '{"level": 99}', '19'],
  ])('%s', (_, text, part) => {
    const error = errorOf(() => load(text));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toContain(part);
    expect(error.message).toContain('migbackup.config.json');
  });

  test.each([
    ['..'],
    ['../x'],
    ['a/../b'],
    ['/etc'],
    ['/'],
    ['a\\b'],
    ['C:\\x'],
    ['.migbackup/x'],
    [''],
    ['a//b'],
    ['a\u0000'],
  ])('the source path %j', (path) => {
    expect(errorOf(() => loadSources({ s: { path } })).code).toBe('CONFIG_INVALID');
  });

  test.each([['/x'], ['../x'], ['a/../../b'], ['!x'], ['./x']])('the pattern %j', (pattern) => {
    for (const key of ['include', 'exclude']) {
      const error = errorOf(() => loadSources({ s: { path: 'a', [key]: [pattern] } }));
      expect(error.code).toBe('CONFIG_INVALID');
      expect(error.message).toContain('c/s');
    }
  });

  test('patterns on a LevelDB source', () => {
    const error = errorOf(() => loadSources({ s: { path: 'db', type: 'leveldb', exclude: ['*.log'] } }));
    expect(error.code).toBe('CONFIG_INVALID');
  });

  test.each([
    ['two sources of one path', { a: { path: 'x' }, b: { path: 'x/' } }],
    ['two sources of one pattern', { a: { path: '.', include: ['*.md'] }, b: { path: '.', include: ['*.md', 'x'] } }],
    ['a source inside a database', { a: { path: 'db', type: 'leveldb' }, b: { path: 'db/sub' } }],
    [
      'a pattern that reaches into a database',
      { a: { path: 'db', type: 'leveldb' }, b: { path: '.', include: ['db/*.ldb'] } },
    ],
  ])('%s', (_, sources) => {
    const error = errorOf(() => loadSources(sources));
    expect(error.code).toBe('CONFIG_CONFLICT');
    expect(error.message).toContain('c/a');
    expect(error.message).toContain('c/b');
  });

  test('one path with patterns that differ is fine, and so is a source in another', () => {
    const { config } = loadSources({
      a: { path: '.', include: ['*.md'] },
      b: { path: '.', include: ['*.json'] },
      c: { path: 'x' },
      d: { path: 'x/y' },
    });
    expect(config.categories[0]?.sources).toHaveLength(4);
  });
});
