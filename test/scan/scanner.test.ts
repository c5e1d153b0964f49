import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Category, Config, Source } from '../../src/core/model/category.ts';
import type { Finding } from '../../src/core/model/finding.ts';
import { DEFAULT_SECRETS } from '../../src/core/config/preset.ts';
import { Ownership } from '../../src/core/scan/ownership.ts';
import type { ScanItem, ScanProblem } from '../../src/core/scan/scan-item.ts';
import { scanCategory } from '../../src/core/scan/scanner.ts';
import { put, putAll } from '../support/files.ts';
import { makeSqlite } from '../support/sqlite/make-sqlite.ts';
import { makeCategories, makeProject } from '../support/source.ts';
import { tempFolder } from '../support/temp-folder.ts';

interface Scan {
  readonly items: ScanItem[];
  readonly paths: string[];
  readonly problems: ScanProblem[];
  readonly findings: Finding[];
}

function scan(root: string, categories: readonly Category[], config: Partial<Config> = {}, name = 'c'): Scan {
  const problems: ScanProblem[] = [];
  const findings: Finding[] = [];
  const category = categories.find((one) => one.name === name);
  if (category === undefined) throw new Error(`no category ${name}`);
  const items = [
    ...scanCategory(makeProject(root, categories, config), category, {
      ownership: new Ownership(categories),
      onProblem: (problem) => problems.push(problem),
      onFinding: (finding) => findings.push(finding),
    }),
  ];
  return { items, paths: items.map((item) => item.path), problems, findings };
}

function scanSources(
  root: string,
  sources: (Partial<Source> & { path: string })[],
  config: Partial<Config> = {},
): Scan {
  return scan(root, makeCategories({ c: sources }), config);
}

const isRoot = process.getuid?.() === 0;

describe('what is stored', () => {
  test('a whole folder: dot files, empty folders, links, in the one order of paths', () => {
    using folder = tempFolder();
    putAll(folder.path, ['d/a/x', 'd/a.b', 'd/a-b', 'd/.dot/.file', 'd/empty/', 'd/é', 'd/z', 'other']);
    symlinkSync('../other', path.join(folder.path, 'd/link'));
    const { items, paths, problems, findings } = scanSources(folder.path, [{ path: 'd' }]);
    expect(paths).toEqual([
      'd',
      'd/.dot',
      'd/.dot/.file',
      'd/a',
      'd/a/x',
      'd/a-b',
      'd/a.b',
      'd/empty',
      'd/link',
      'd/z',
      'd/é',
    ]);
    expect(items.find((item) => item.path === 'd/link')).toMatchObject({
      entry: { type: 'symlink', size: 0, target: '../other' },
    });
    expect(items.find((item) => item.path === 'd/a/x')).toMatchObject({
      entry: { type: 'file', size: 6, category: 'c', source: 's0' },
    });
    expect([problems, findings]).toEqual([[], []]);
  });

  test('with include patterns only what matches, and no folders', () => {
    using folder = tempFolder();
    putAll(folder.path, ['a.md', 'b.txt', 'sub/c.md', 'sub/empty/']);
    expect(scanSources(folder.path, [{ path: '.', include: ['*.md'] }]).paths).toEqual(['a.md']);
    expect(scanSources(folder.path, [{ path: '.', include: ['**/*.md'] }]).paths).toEqual(['a.md', 'sub/c.md']);
  });

  test('a source that is one file, and one that does not exist', () => {
    using folder = tempFolder();
    put(folder.path, 'a/one.json');
    expect(scanSources(folder.path, [{ path: 'a/one.json' }, { path: 'a/none' }])).toMatchObject({
      paths: ['a/one.json'],
      problems: [],
    });
    expect(scanSources(folder.path, [{ path: 'a/none', required: true }]).problems).toMatchObject([
      { code: 'SOURCE_MISSING', path: 'a/none' },
    ]);
  });

  test('the sources of a category are merged, one inside another', () => {
    using folder = tempFolder();
    putAll(folder.path, ['d/a', 'd/m/1', 'd/m/n/2', 'd/z', 'b.md']);
    const { items, paths } = scanSources(folder.path, [
      { path: 'd' },
      { path: 'd/m' },
      { path: '.', include: ['*.md'] },
    ]);
    expect(paths).toEqual(['b.md', 'd', 'd/a', 'd/m', 'd/m/1', 'd/m/n', 'd/m/n/2', 'd/z']);
    const sources = items.map((item) => (item.kind === 'entry' ? item.entry.source : item.kind));
    expect(sources).toEqual(['s2', 's0', 's0', 's1', 's1', 's1', 's1', 's0']);
  });

  test('only permission bits are kept', () => {
    using folder = tempFolder();
    put(folder.path, 'd/x');
    chmodSync(path.join(folder.path, 'd/x'), 0o4755);
    expect(scanSources(folder.path, [{ path: 'd' }]).items[1]).toMatchObject({ entry: { mode: 0o755 } });
  });
});

describe('what is left out', () => {
  test('node_modules, .git, the repository and .migbackup', () => {
    using folder = tempFolder();
    putAll(folder.path, [
      'a',
      'node_modules/x',
      'sub/node_modules/x',
      'sub/.git/HEAD',
      'sub/.gitignore',
      '.migbackup/x',
      'backups/x',
      'sub/backups/x',
    ]);
    const { paths, problems } = scanSources(folder.path, [{ path: '.' }]);
    expect(paths).toEqual(['a', 'sub', 'sub/.gitignore', 'sub/backups', 'sub/backups/x']);
    expect(problems).toEqual([]);
  });

  test('secrets, each with a finding, unless they are asked for', () => {
    using folder = tempFolder();
    const secrets = [
      '.env',
      '.env.local',
      'sub/Server.PEM',
      'sub/id_rsa',
      'sub/UTC--2020-01-01--abc',
      'cache/D.s.sol/1/run.json',
    ];
    putAll(folder.path, [...secrets, '.env.example', 'sub/keys.json']);
    const left = scanSources(folder.path, [{ path: '.', include: ['**'] }], { secrets: DEFAULT_SECRETS });
    expect(left.paths).toEqual(['.env.example', 'sub/keys.json']);
    expect(left.findings.map(({ code, path: file }) => [code, file])).toEqual(
      [
        '.env',
        '.env.local',
        'cache/D.s.sol/1/run.json',
        'sub/Server.PEM',
        'sub/UTC--2020-01-01--abc',
        'sub/id_rsa',
      ].map((file) => ['secret-left-out', file]),
    );
    expect(left.findings[2]?.recommendation).toContain('--resume');
    const taken = scanSources(folder.path, [{ path: '.', include: ['**'] }], {
      secrets: DEFAULT_SECRETS,
      includeSecrets: true,
    });
    expect(taken.paths).toHaveLength(8);
  });

  test('special files, with a finding', async () => {
    using folder = tempFolder();
    put(folder.path, 'd/x');
    execFileSync('mkfifo', [path.join(folder.path, 'd/fifo')]);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path.join(folder.path, 'd/socket'), resolve));
    const { paths, findings, problems } = scanSources(folder.path, [{ path: 'd' }]);
    server.close();
    expect(paths).toEqual(['d', 'd/x']);
    expect(findings.map(({ code, path: file }) => [code, file])).toEqual([
      ['special-file', 'd/fifo'],
      ['special-file', 'd/socket'],
    ]);
    expect(problems).toEqual([]);
  });
});

describe('problems', () => {
  test('names that are not UTF-8 or that no restore could write', () => {
    using folder = tempFolder();
    put(folder.path, 'd/fine');
    writeFileSync(Buffer.concat([Buffer.from(`${folder.path}/d/bad`), Buffer.from([0xff, 0xfe])]), 'x');
    put(folder.path, 'd/back\\slash');
    put(folder.path, 'd/new\nline');
    const { paths, problems } = scanSources(folder.path, [{ path: 'd' }]);
    expect(paths).toEqual(['d', 'd/fine']);
    expect(problems.map(({ code, path: file }) => [code, file])).toEqual([
      ['SOURCE_NAME', 'd/bad\\xff\\xfe'],
      ['SOURCE_NAME', 'd/back\\slash'],
      ['SOURCE_NAME', 'd/new\nline'],
    ]);
  });

  test('such a name is nothing to us where no source takes it', () => {
    using folder = tempFolder();
    put(folder.path, 'a.md');
    put(folder.path, 'new\nline');
    writeFileSync(Buffer.concat([Buffer.from(`${folder.path}/`), Buffer.from([0xff])]), 'x');
    writeFileSync(Buffer.concat([Buffer.from(`${folder.path}/`), Buffer.from([0xff]), Buffer.from('.md')]), 'x');
    const { paths, problems } = scanSources(folder.path, [{ path: '.', include: ['*.md'] }]);
    expect(paths).toEqual(['a.md']);
    expect(problems.map((problem) => problem.path)).toEqual(['\\xff.md']);
  });

  test('a link as a parent of a source; a link as the source is stored as a link and said', () => {
    using folder = tempFolder();
    putAll(folder.path, ['real/sub/x']);
    symlinkSync('real', path.join(folder.path, 'link'));
    expect(scanSources(folder.path, [{ path: 'link/sub' }])).toMatchObject({
      paths: [],
      problems: [{ code: 'UNSAFE_TARGET' }],
    });
    const { items, findings } = scanSources(folder.path, [{ path: 'link' }]);
    expect(items).toMatchObject([{ entry: { path: 'link', type: 'symlink', target: 'real' } }]);
    expect(findings.map(({ code }) => code)).toEqual(['source-is-link']);
  });

  test('links out of the project are stored and said', () => {
    using folder = tempFolder();
    put(folder.path, 'd/');
    for (const [name, target] of [
      ['abs', '/etc/passwd'],
      ['up', '../../x'],
      ['in', '../d'],
    ] as const) {
      symlinkSync(target, path.join(folder.path, 'd', name));
    }
    const { paths, findings } = scanSources(folder.path, [{ path: 'd' }]);
    expect(paths).toEqual(['d', 'd/abs', 'd/in', 'd/up']);
    expect(findings.map(({ code, path: file }) => [code, file])).toEqual([
      ['unsafe-link', 'd/abs'],
      ['unsafe-link', 'd/up'],
    ]);
  });

  test('a folder that may not be listed', ({ skip }) => {
    skip(isRoot, 'root may list every folder');
    using folder = tempFolder();
    putAll(folder.path, ['d/closed/x', 'd/open']);
    chmodSync(path.join(folder.path, 'd/closed'), 0o000);
    const { paths, problems } = scanSources(folder.path, [{ path: 'd' }]);
    chmodSync(path.join(folder.path, 'd/closed'), 0o755);
    expect(paths).toEqual(['d', 'd/open']);
    expect(problems).toMatchObject([{ code: 'SOURCE_UNREADABLE', path: 'd/closed' }]);
  });
});

describe('databases', () => {
  const DATABASE = ['CURRENT', 'MANIFEST-000002', '000001.ldb', '000003.log', 'LOCK', 'LOG'];

  test('are found by their content, also in a files source, with what else their folder holds', () => {
    using folder = tempFolder();
    putAll(
      folder.path,
      DATABASE.map((name) => `d/db/${name}`),
    );
    putAll(folder.path, ['d/db/note.txt', 'd/db/sub/x', 'd/db.txt', 'd/a']);
    const { items, paths } = scanSources(folder.path, [{ path: 'd', exclude: ['**/*.ldb'] }]);
    expect(paths).toEqual(['d', 'd/a', 'd/db', 'd/db.txt']);
    const database = items.find((item) => item.kind === 'database');
    expect(database).toMatchObject({ path: 'd/db', place: `${folder.path}/d/db`, engine: { name: 'leveldb' } });
    expect(database?.others.map((entry) => entry.path)).toEqual(['d/db', 'd/db/note.txt', 'd/db/sub', 'd/db/sub/x']);
  });

  test('a RocksDB database is told apart', () => {
    using folder = tempFolder();
    putAll(folder.path, ['db/MANIFEST-000001', 'db/000004.sst']);
    put(folder.path, 'db/CURRENT', 'MANIFEST-000001\n');
    put(folder.path, 'db/OPTIONS-000005', '[Version]\n  rocksdb_version=8.9.1\n');
    const declared = scanSources(folder.path, [{ path: 'db', type: 'leveldb' }]);
    expect(declared).toMatchObject({ paths: [], problems: [{ code: 'DATABASE_FOREIGN', path: 'db' }] });
    const { paths, findings } = scanSources(folder.path, [{ path: 'db' }]);
    expect(paths).toHaveLength(5);
    expect(findings).toMatchObject([{ code: 'database-foreign', path: 'db', evidence: { engine: 'rocksdb' } }]);
  });

  test('a declared database without CURRENT is a problem; an empty folder is not', () => {
    using folder = tempFolder();
    putAll(folder.path, ['db/000005.ldb', 'db/LOCK', 'new/']);
    expect(scanSources(folder.path, [{ path: 'db', type: 'leveldb' }])).toMatchObject({
      paths: [],
      problems: [{ code: 'DATABASE_DAMAGED', path: 'db' }],
    });
    expect(scanSources(folder.path, [{ path: 'new', type: 'leveldb' }])).toMatchObject({
      paths: ['new'],
      problems: [],
    });
  });

  test.each(['leveldb', 'sqlite'] as const)('a link or a pipe in the place of a declared %s is a problem', (type) => {
    using folder = tempFolder();
    putAll(folder.path, ['real/x']);
    symlinkSync('real', path.join(folder.path, 'db'));
    execFileSync('mkfifo', [path.join(folder.path, 'pipe')]);
    const sources = [
      { path: 'db', type },
      { path: 'pipe', type },
    ];
    const written = makeCategories({ c: sources }).flatMap((category) => category.sources);
    expect(scanSources(folder.path, sources, { written })).toMatchObject({
      paths: [],
      problems: [
        { code: 'DATABASE_FOREIGN', path: 'db' },
        { code: 'DATABASE_FOREIGN', path: 'pipe' },
      ],
    });
    // The preset only names where a database usually is.
    const { problems, findings } = scanSources(folder.path, [{ path: 'db', type }]);
    expect(problems).toEqual([]);
    expect(findings).toMatchObject([{ code: 'source-is-link' }]);
  });

  test.each([
    ['state.data', 8193, 'database'],
    ['state.data', 8192, 'database'],
    ['state.data', 5000, 'database'],
    ['state.data', 511, 'entry'],
    ['state.db', 511, 'database'],
    ['state.json', 8192, 'database'],
    ['state.json', 8193, 'entry'],
  ])('a SQLite database called %s of %i bytes is a %s', (name, size, kind) => {
    using folder = tempFolder();
    const file = path.join(folder.path, 'd', name);
    makeSqlite(file, { rows: 5 });
    truncateSync(file, size);
    const { items } = scanSources(folder.path, [{ path: 'd' }]);
    expect(items.find((item) => item.path === `d/${name}`)?.kind).toBe(kind);
  });

  test('a database in a database is a problem', () => {
    using folder = tempFolder();
    putAll(folder.path, ['db/CURRENT', 'db/MANIFEST-000001', 'db/in/CURRENT', 'db/in/MANIFEST-000001']);
    expect(scanSources(folder.path, [{ path: 'db', type: 'leveldb' }]).problems).toMatchObject([
      { code: 'DATABASE_FOREIGN', path: 'db/in' },
    ]);
  });

  test('a database that another source declares is not walked by an outer one', () => {
    using folder = tempFolder();
    putAll(folder.path, [...DATABASE.map((name) => `d/db/${name}`), 'd/x']);
    const categories = makeCategories({ c: [{ path: 'd' }], databases: [{ path: 'd/db', type: 'leveldb' }] });
    expect(scan(folder.path, categories).paths).toEqual(['d', 'd/x']);
    expect(scan(folder.path, categories, {}, 'databases').paths).toEqual(['d/db']);
  });
});

test('5,000 files, each once', () => {
  using folder = tempFolder();
  for (let at = 0; at < 5; at++) {
    mkdirSync(path.join(folder.path, `d/f${at}`), { recursive: true });
    for (let file = 0; file < 1000; file++) writeFileSync(path.join(folder.path, `d/f${at}/${file}.json`), '');
  }
  const categories = makeCategories({ c: [{ path: 'd' }, { path: '.', include: ['*.md'] }] });
  const [category] = categories;
  if (category === undefined) throw new Error('no category');
  const options = { ownership: new Ownership(categories), onProblem: () => undefined };
  let count = 0;
  for (const _ of scanCategory(makeProject(folder.path, categories), category, options)) count++;
  expect(count).toBe(5006);
});
