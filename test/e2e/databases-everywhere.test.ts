import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { compareTrees, readTree, type Tree } from '../support/compare-trees.ts';
import { amount } from '../support/effort.ts';
import { put } from '../support/files.ts';
import { writeDatabase } from '../support/leveldb/write-database.ts';
import { runCli, type CliResult } from '../support/run-cli.ts';
import { makeSqlite, makeSqliteWithWal, textsInCopy } from '../support/sqlite/make-sqlite.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/* Databases of both engines in every place and under every name: create, a rehearsal, restore, undo. */

let temp: TempFolder;
let root: string;
beforeEach(() => {
  temp = tempFolder();
  root = path.join(temp.path, 'project');
});
afterEach(() => temp[Symbol.dispose]());

const run = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: root });
const at = (relative: string): string => path.join(root, relative);
const tree = (of = root): Tree => readTree(of, ['backups', '.migbackup']);

async function succeed(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run(...args);
  expect(exitCode, `${args.join(' ')}: ${stderr}${stdout}`).toBe(0);
  return stdout;
}

function configure(config: object): void {
  put(root, 'migbackup.config.json', JSON.stringify(config));
}

/** A database in WAL mode with a `-wal`, with this text. */
function inWal(relative: string, text: string): void {
  makeSqliteWithWal(at(relative), { rows: 6, text });
}

/** What a project of databases says, by path: each is asked in a copy. */
function texts(databases: readonly string[], of = root): Record<string, string> {
  return Object.fromEntries(databases.map((relative) => [relative, textsInCopy(path.join(of, relative))]));
}

/** Takes a backup, lets `change` go over the project, restores and takes that back: all as it was each time. */
async function thereAndBack(
  change: () => void,
  { create = [], restore = [] }: { create?: string[]; restore?: string[] } = {},
): Promise<void> {
  const before = tree();
  await succeed('create', ...create);
  await succeed('verify', '--latest', '--rehearse');
  change();
  const changed = tree();
  expect(compareTrees(before, changed)).not.toEqual([]);
  await succeed('restore', '--latest', '--yes', ...restore);
  expect(compareTrees(before, tree())).toEqual([]);
  await succeed('undo', '--yes');
  expect(compareTrees(changed, tree())).toEqual([]);
}

const LONG = `data/${'a folder with spaces in it/'.repeat(7)}`.slice(0, 190).replace(/[ /]$/, 'x') + '/the app.db';
const NAMES = [
  LONG,
  `data/it's "quoted".db`,
  'data/$(touch trap); `b` & c.db',
  'data/-dash #1?mode=memory%20.db',
  'data/\u{1F4BE} ünï.sqlite',
  'data/no extension',
  'data/named-wal',
  'data/named-journal',
  'data/app.db.db',
];

test('names and paths: 200 characters with spaces, quotes, what a shell and a URI would read, emoji, names of parts', async () => {
  expect(LONG.length).toBeGreaterThanOrEqual(200);
  configure({ categories: { state: { sources: { data: { path: 'data' } } } } });
  for (const name of NAMES) inWal(name, 'old');
  const old = texts(NAMES);
  expect(new Set(Object.values(old))).toEqual(new Set(['ok: 4 old, 2 old in wal']));
  await thereAndBack(() => {
    for (const name of NAMES) inWal(name, 'new');
  });
  const shown = JSON.parse(await succeed('show', '--latest', '--json'));
  const [{ databases }] = shown.categories.state.sources;
  expect(databases.map((each: { path: string }) => each.path).toSorted()).toEqual(NAMES.toSorted());
  const to = path.join(temp.path, 'there');
  await succeed('restore', '--latest', '--to', to);
  expect(texts(NAMES, to)).toEqual(old);
  const exported = path.join(temp.path, 'portable.tar');
  await succeed('export', '--output', exported);
  const away = path.join(temp.path, 'from the file');
  await succeed('restore', exported, '--to', away);
  expect(texts(NAMES, away)).toEqual(old);
  await succeed('restore', exported, '--yes');
  expect(texts(NAMES)).toEqual(old);
  expect(fs.readdirSync(root)).not.toContain('trap');
});

/** Databases of each engine. */
const OF_EACH = amount(6, 25);
const MODES = ['delete', 'truncate', 'persist', 'wal'] as const;

test('many databases of both engines in one project', { timeout: 120_000 }, async () => {
  configure({ categories: { state: { sources: { data: { path: 'data' } } } } });
  const sqlites = Array.from({ length: OF_EACH }, (_, nth) => `data/${nth}/app.db`);
  const fill = (text: string): void => {
    for (const [nth, relative] of sqlites.entries()) {
      if (nth % 5 === 4) inWal(relative, text);
      else {
        fs.rmSync(path.dirname(at(relative)), { recursive: true, force: true });
        fs.mkdirSync(path.dirname(at(relative)), { recursive: true });
        makeSqlite(at(relative), { mode: MODES[nth % 4] ?? 'wal', rows: 5, text });
        // A journal that holds nothing is no part of any state.
        fs.rmSync(`${at(relative)}-journal`, { force: true });
      }
      fs.rmSync(at(`data/${nth}/leveldb`), { recursive: true, force: true });
      writeDatabase(at(`data/${nth}/leveldb`), [[Buffer.from('key'), Buffer.from(text)]]);
    }
  };
  fill('old');
  await thereAndBack(() => fill('new'));
  const shown = JSON.parse(await succeed('show', '--latest', '--json'));
  const [{ databases }] = shown.categories.state.sources;
  expect(databases).toHaveLength(2 * OF_EACH);
  expect(new Set(databases.map((each: { engine: string }) => each.engine))).toEqual(new Set(['leveldb', 'sqlite']));
});

test(
  'at the top, as a plain file beside the files of a LevelDB, in an exclusive source, and in one that holds a secret',
  { timeout: 60_000 },
  async () => {
    configure({
      categories: {
        state: {
          sources: {
            top: { path: '.', include: ['*.db'] },
            db: { path: 'ldb' },
            own: { path: 'own', exclusive: true },
            mixed: { path: 'mixed', exclusive: true },
          },
        },
      },
    });
    const databases = ['top.db', 'ldb/beside.db', 'own/app.db', 'mixed/app.db'];
    const fill = (text: string): void => {
      fs.rmSync(at('ldb'), { recursive: true, force: true });
      writeDatabase(at('ldb'), [[Buffer.from('key'), Buffer.from(text)]]);
      for (const each of databases) inWal(each, text);
    };
    fill('old');
    put(root, 'mixed/private.pem', '-----BEGIN PRIVATE KEY-----');
    const created = await run('create', '--json');
    expect(created.exitCode).toBe(5);
    expect(JSON.parse(created.stdout).error.details.problems).toEqual([
      { code: 'DATABASE_FOREIGN', path: 'ldb/beside.db', message: 'is a database inside another database' },
    ]);
    await thereAndBack(() => fill('new'), { create: ['--raw', 'ldb/beside.db'] });
  },
);

test('an exclusive folder with a secret and a -wal that the backup does not have', async () => {
  configure({ categories: { state: { sources: { mixed: { path: 'mixed', exclusive: true } } } } });
  put(root, 'mixed/private.pem', '-----BEGIN PRIVATE KEY-----');
  makeSqlite(at('mixed/app.db'), { mode: 'wal', rows: 6 });
  await thereAndBack(() => inWal('mixed/app.db', 'new'));
});

test('the file is one source, its -wal is in the pattern of another category, or excluded: it goes with the file', async () => {
  configure({
    categories: {
      files: { sources: { data: { path: 'data', include: ['*.db'] } } },
      logs: { sources: { logs: { path: 'data', include: ['*-wal', '*.log'] } } },
      rest: { sources: { other: { path: 'other', exclude: ['*-wal', '*-journal'] } } },
    },
  });
  const databases = ['data/app.db', 'other/app.db'];
  put(root, 'data/a.log', 'a line');
  for (const each of databases) inWal(each, 'old');
  const old = texts(databases);
  await thereAndBack(() => {
    for (const each of databases) inWal(each, 'new');
  });
  await succeed('restore', '--latest', '--yes', '--only', 'data/app.db');
  expect(textsInCopy(at('data/app.db'))).toBe(old['data/app.db']);
  expect(textsInCopy(at('other/app.db'))).toBe('ok: 4 new, 2 new in wal');
});

test.each([
  ['as plain files', ['--raw', 'data/app.db']],
  ['as a database', []],
])('taken %s: restore of it alone, --exact, undo, and again after its file is gone', async (_how, create) => {
  configure({ categories: { state: { sources: { data: { path: 'data' } } } } });
  put(root, 'data/other.json', '{}');
  inWal('data/app.db', 'old');
  await thereAndBack(() => inWal('data/app.db', 'new'), { create, restore: ['--only', 'data/app.db'] });
  const changed = tree();
  await succeed('restore', '--latest', '--yes', '--exact');
  // The file is lost, its -wal of now is not.
  fs.rmSync(at('data/app.db'));
  await succeed('undo', '--yes');
  expect(compareTrees(changed, tree())).toEqual([]);
  fs.rmSync(at('data/app.db'));
  await succeed('restore', '--latest', '--yes');
  expect(textsInCopy(at('data/app.db'))).toBe('ok: 4 old, 2 old in wal');
});

test('what no backup knows to be a database: a -wal beside a file that is gone does not end beside the one that comes', async () => {
  configure({ categories: { state: { sources: { data: { path: 'data' } } } } });
  put(root, 'data/app.db', 'no database yet');
  await succeed('create');
  inWal('data/app.db', 'new');
  fs.rmSync(at('data/app.db'));
  const changed = tree();
  await succeed('restore', '--latest', '--yes');
  expect(fs.readdirSync(at('data'))).toEqual(['app.db']);
  await succeed('undo', '--yes');
  expect(compareTrees(changed, tree())).toEqual([]);
});
