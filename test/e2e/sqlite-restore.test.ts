import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { put } from '../support/files.ts';
import { runCli, type CliResult } from '../support/run-cli.ts';
import { dataProject } from '../support/sqlite/data-project.ts';
import { IN_JOURNAL, IN_WAL, killedWriter } from '../support/sqlite/killed-writer.ts';
import { makeSqlite, makeSqliteWithWal, textsInCopy } from '../support/sqlite/make-sqlite.ts';
import type { TempFolder } from '../support/temp-folder.ts';

let temp: TempFolder;
let root: string;
let file: string;
beforeEach(() => {
  ({ temp, root, file } = dataProject());
});
afterEach(() => temp[Symbol.dispose]());

const run = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: root });

/** What the database says, asked of a copy: to ask it itself would change what lies beside it. */
const state = (of: string): string => textsInCopy(of, temp.path);

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
    after: () => killedWriter(file, IN_WAL),
    beside: '-wal',
  },
  {
    name: 'a hot -journal that a killed writer left',
    before: () => makeSqlite(file, { mode: 'delete', rows: 3000 }),
    after: () => killedWriter(file, IN_JOURNAL),
    beside: '-journal',
  },
  {
    name: 'another -wal than the one that the backup has',
    before: () => makeSqliteWithWal(file, { rows: 300, text: 'old' }),
    after: () => killedWriter(file, IN_WAL),
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

  test.each([[[]], [['--exact']], [['--only', 'data/app.db']], [['--only', `data/app.db${beside}`]]])(
    'restore %s, and undo',
    async (more) => {
      const changed = state(file);
      const restored = await run('restore', '--latest', '--yes', ...more);
      expect(restored.exitCode, restored.stderr).toBe(0);
      expect(state(file)).toBe(old);
      const undone = await run('undo', '--yes');
      expect(undone.exitCode, undone.stderr).toBe(0);
      expect(state(file)).toBe(changed);
    },
  );

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
  await killedWriter(file, IN_WAL);
  fs.rmSync(file);
  const validated = await run('validate');
  expect(validated.stdout).toContain('data/app.db-wal is what is left of a database');
  expect((await run('restore', '--latest', '--yes')).exitCode).toBe(0);
  expect(state(file)).toBe(old);
});

test('the manifest says what was proven, as the sqlite3 shell says it', async () => {
  makeSqlite(file, { mode: 'wal', rows: 25 });
  await killedWriter(file, IN_WAL);
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
