import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { put } from '../support/files.ts';
import { runCli, type CliResult } from '../support/run-cli.ts';
import { dataProject, putSource } from '../support/sqlite/data-project.ts';
import { IN_JOURNAL, IN_WAL, killedWriter } from '../support/sqlite/killed-writer.ts';
import { makeSqlite, textsInCopy } from '../support/sqlite/make-sqlite.ts';
import type { TempFolder } from '../support/temp-folder.ts';

/* A source whose path is the database file itself: its parts lie beside the source, and belong to it. */

let temp: TempFolder;
let root: string;
let file: string;
beforeEach(() => {
  ({ temp, root, file } = dataProject());
});
afterEach(() => temp[Symbol.dispose]());

const run = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: root });
const state = (): string => textsInCopy(file, temp.path);

describe.each([
  ['files', 'wal', IN_WAL, '-wal'],
  ['sqlite', 'wal', IN_WAL, '-wal'],
  ['sqlite', 'delete', IN_JOURNAL, '-journal'],
] as const)('type %s, journal mode %s', (type, mode, sql, part) => {
  beforeEach(() => {
    const data = { path: 'data/app.db', ...(type === 'sqlite' && { type }) };
    putSource(root, data);
    makeSqlite(file, { mode, rows: 3000 });
  });

  test('what a killed writer left is stored, verified, restored and undone', async () => {
    await killedWriter(file, sql);
    const old = state();
    const created = await run('create', '--json');
    expect(created.exitCode, created.stderr).toBe(0);
    expect((await run('verify', '--latest', '--rehearse')).exitCode).toBe(0);
    for (const each of ['', '-wal', '-shm', '-journal']) fs.rmSync(file + each, { force: true });
    makeSqlite(file, { mode, rows: 5, text: 'other' });
    const other = state();
    const restored = await run('restore', '--latest', '--yes');
    expect(restored.exitCode, restored.stderr).toBe(0);
    expect(state()).toBe(old);
    expect(fs.existsSync(file + part)).toBe(true);
    const undone = await run('undo', '--yes');
    expect(undone.exitCode, undone.stderr).toBe(0);
    expect(state()).toBe(other);
    expect(fs.existsSync(file + part)).toBe(false);
  });

  test('guard brings it back when its command is killed half-way', async () => {
    const old = state();
    const script = `const { DatabaseSync } = require('node:sqlite');
      new DatabaseSync('data/app.db').exec(${JSON.stringify(sql)});
      process.kill(process.pid, 'SIGKILL');`;
    put(root, 'migrate.cjs', script);
    const guarded = await run('guard', '--', process.execPath, '--no-warnings', 'migrate.cjs');
    expect(guarded.exitCode, guarded.stderr).toBe(20);
    expect(state()).toBe(old);
    expect(fs.existsSync(file + part)).toBe(false);
  });

  test('--raw takes its parts as files', async () => {
    await killedWriter(file, sql);
    const old = state();
    const created = await run('create', '--raw', 'data/app.db');
    expect(created.exitCode, created.stderr).toBe(0);
    const to = path.join(temp.path, 'there');
    expect((await run('restore', '--latest', '--to', to)).exitCode).toBe(0);
    expect(textsInCopy(path.join(to, 'data/app.db'), temp.path)).toBe(old);
  });
});

test('a link in the place of a part is brought away and back', async () => {
  putSource(root, { path: 'data/app.db' });
  makeSqlite(file);
  put(root, 'data/app.db-wal', 'notes');
  const old = state();
  const guarded = await run('guard', '--', 'sh', '-c', 'rm data/app.db-wal; ln -s other.json data/app.db-wal; exit 3');
  expect(guarded.exitCode, guarded.stderr).toBe(20);
  expect(state()).toBe(old);
});
