import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { put } from '../support/files.ts';
import { runCli, type CliResult } from '../support/run-cli.ts';
import { makeSqlite, makeSqliteWithWal, textsIn } from '../support/sqlite/make-sqlite.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

const CONFIG = { categories: { state: { sources: { data: { path: 'data' } } } } };

let temp: TempFolder;
let root: string;
let file: string;
beforeEach(() => {
  temp = tempFolder();
  root = path.join(temp.path, 'project');
  file = path.join(root, 'data/app.db');
  put(root, 'migbackup.config.json', JSON.stringify(CONFIG));
  put(root, 'data/other.json', '{}');
});
afterEach(() => temp[Symbol.dispose]());

const run = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: root });

/** What the database says, asked of a copy: to ask it itself would change what lies beside it. */
function state(of: string): string {
  const copy = fs.mkdtempSync(path.join(temp.path, 'look-'));
  for (const part of ['', '-wal', '-journal'])
    if (fs.existsSync(of + part)) fs.copyFileSync(of + part, path.join(copy, `app.db${part}`));
  return textsIn(path.join(copy, 'app.db'));
}

/** Runs SQL in another process that is then killed, so that it leaves what it has written so far. */
async function killedWriter(sql: string): Promise<void> {
  const script = `const { DatabaseSync } = require('node:sqlite');
    const database = new DatabaseSync(process.argv[1]);
    database.exec(process.argv[2]);
    process.stdout.write('done');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--no-warnings', '-e', script, '--', file, sql]);
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
}

const IN_WAL = `PRAGMA journal_mode = wal; PRAGMA wal_autocheckpoint = 0; UPDATE t SET v = 'new' WHERE id % 3 = 0; DELETE FROM t WHERE id % 7 = 0;`;
/** A transaction over a later state that spills into the database file, so that its journal is hot. */
const IN_JOURNAL = `UPDATE t SET v = 'mid', pad = hex(randomblob(90)) WHERE id % 5 = 0; PRAGMA cache_size = 2; PRAGMA cache_spill = 1; BEGIN; UPDATE t SET v = 'new', pad = hex(randomblob(100)) WHERE id % 2 = 0;`;

interface Case {
  readonly name: string;
  readonly before: () => void;
  readonly after: () => Promise<void>;
  /** What has to lie beside the database when the restore begins. */
  readonly beside: string;
}

const CASES: readonly Case[] = [
  {
    name: 'a -wal that a killed writer left beside a database that had none',
    before: () => makeSqlite(file, { mode: 'wal' }),
    after: () => killedWriter(IN_WAL),
    beside: '-wal',
  },
  {
    name: 'a hot -journal that a killed writer left',
    before: () => makeSqlite(file, { mode: 'delete', rows: 3000 }),
    after: () => killedWriter(IN_JOURNAL),
    beside: '-journal',
  },
  {
    name: 'another -wal than the one that the backup has',
    before: () => makeSqliteWithWal(file, { rows: 300, text: 'old' }),
    after: () => killedWriter(IN_WAL),
    beside: '-wal',
  },
];

describe.each(CASES)('$name', ({ before, after, beside }) => {
  let old: string;
  beforeEach(async () => {
    before();
    old = state(file);
    expect(old).toMatch(/^ok: .*old/);
    const created = await run('create');
    expect(created.exitCode, created.stderr).toBe(0);
    await after();
    expect(fs.statSync(file + beside).size).toBeGreaterThan(0);
  });

  test.each([[[]], [['--exact']], [['--only', 'data/app.db']]])('restore %s, and undo', async (more) => {
    const changed = state(file);
    const restored = await run('restore', '--latest', '--yes', ...more);
    expect(restored.exitCode, restored.stderr).toBe(0);
    expect(state(file)).toBe(old);
    const undone = await run('undo', '--yes');
    expect(undone.exitCode, undone.stderr).toBe(0);
    expect(state(file)).toBe(changed);
  });

  test('restore --to', async () => {
    const to = path.join(temp.path, 'there');
    const restored = await run('restore', '--latest', '--to', to);
    expect(restored.exitCode, restored.stderr).toBe(0);
    expect(state(path.join(to, 'data/app.db'))).toBe(old);
  });
});

test.each([
  ['a -wal', 'wal', IN_WAL],
  ['a hot -journal', 'delete', IN_JOURNAL],
] as const)('guard brings a database back beside which its command left %s', async (_what, mode, sql) => {
  makeSqlite(file, { mode, rows: 3000 });
  const old = state(file);
  const script = `const { DatabaseSync } = require('node:sqlite');
    new DatabaseSync('data/app.db').exec(${JSON.stringify(sql)});
    process.kill(process.pid, 'SIGKILL');`;
  put(root, 'migrate.cjs', script);
  const guarded = await run('guard', '--', process.execPath, '--no-warnings', 'migrate.cjs');
  expect(guarded.exitCode, guarded.stderr).toBe(20);
  expect(state(file)).toBe(old);
});

test('a database that is gone comes back without the -wal that is left of it', async () => {
  makeSqlite(file, { mode: 'wal' });
  const old = state(file);
  expect((await run('create')).exitCode).toBe(0);
  await killedWriter(IN_WAL);
  fs.rmSync(file);
  const validated = await run('validate');
  expect(validated.stdout).toContain('data/app.db-wal is what is left of a database');
  expect((await run('restore', '--latest', '--yes')).exitCode).toBe(0);
  expect(state(file)).toBe(old);
});

test('the manifest says what was proven, as the sqlite3 shell says it', async () => {
  makeSqlite(file, { mode: 'wal', rows: 25 });
  await killedWriter(IN_WAL);
  const created = await run('create', '--json');
  expect(created.exitCode, created.stderr).toBe(0);
  const shown = JSON.parse((await run('show', '--json')).stdout);
  const [database] = shown.categories.state.sources[0].databases;
  expect(database).toMatchObject({
    path: 'data/app.db',
    engine: 'sqlite',
    records: 22,
    tables: { t: 22 },
    journalMode: 'wal',
    integrity: [],
    captured: { how: 'read', live: 'no' },
    readers: ['migbackup', 'sqlite'],
  });
  expect(database.digest).toMatch(/^[0-9a-f]{64}$/);
  const copy = path.join(temp.path, 'copy.db');
  for (const part of ['', '-wal']) fs.copyFileSync(file + part, copy + part);
  let shell: string;
  try {
    shell = execFileSync('sqlite3', [copy, '.sha3sum --sha3-256 --schema'], { encoding: 'utf8' }).trim();
  } catch {
    return;
  }
  expect(database.digest).toBe(shell.split(' ')[0]);
});
