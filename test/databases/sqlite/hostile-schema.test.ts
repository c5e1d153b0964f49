import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { proveSqlite } from '../../../src/core/databases/sqlite/proof/proof.ts';
import { filesOf, proveFile } from '../../support/sqlite/prove-file.ts';
import { recordLines } from '../../support/sqlite/record-lines.ts';
import { HAS_SHELL, shellDigest } from '../../support/sqlite/shell.ts';
import { cleanEnvironment, cliCommand } from '../../support/run-cli.ts';
import { tempFolder } from '../../support/temp-folder.ts';

/** Takes hours; SQLite would compute it for an INSERT already. */
const ENDLESS = "instr(zeroblob(16000000), zeroblob(8000000) || x'01')";

/** Where `'ENDLESS'` stands in the schema it is put afterwards. */
function made(folder: string, sql: string): string {
  const file = path.join(folder, 'made.db');
  const db = new DatabaseSync(file, { defensive: false });
  db.exec(`PRAGMA ignore_check_constraints = ON; ${sql}; PRAGMA writable_schema = ON`);
  db.prepare('UPDATE sqlite_schema SET sql = replace(sql, ?, ?)').run("'ENDLESS'", ENDLESS);
  db.close();
  return file;
}

const TOO_LARGE = 'a value that it computes is larger than the database allows for';

test('a value that a schema computes takes no more memory than the size of the database explains', async () => {
  using folder = tempFolder();
  const file = made(
    folder.path,
    `CREATE TABLE t(a, g AS (hex(zeroblob(300000000)))); INSERT INTO t(a) VALUES (1), (2), (3);
     CREATE TABLE c(a CHECK (length(hex(zeroblob(300000000))) > 0)); INSERT INTO c VALUES (1);
     CREATE TABLE plain(a); INSERT INTO plain VALUES (1)`,
  );
  const script = path.join(import.meta.dirname, '../../support/sqlite/prove-file.ts');
  const code = `const { proveFile } = await import(${JSON.stringify(script)}); const facts = await proveFile(${JSON.stringify(file)});
    console.log(JSON.stringify({ facts, peak: process.resourceUsage().maxRSS }))`;
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
  const { facts, peak } = JSON.parse(run.stdout);
  expect(facts).toMatchObject({ integrity: [], records: null, digest: null, tables: { c: 1, plain: 1 } });
  expect(facts.notProven).toEqual([
    `Table t cannot be read: ${TOO_LARGE}.`,
    `Table c and its indexes are not checked by SQLite: ${TOO_LARGE}.`,
    'Pages that belong to no table are not checked by SQLite.',
  ]);
  // KiB.
  expect(peak).toBeLessThan(500 * 1024);
  expect(await recordLines(file)).toEqual([
    'c/1 {"a":1}',
    'plain/1 {"a":1}',
    't/1 {"a":1}',
    't/2 {"a":2}',
    't/3 {"a":3}',
  ]);
});

test('ordinary computed columns, and long ones of long values, have the digest of the shell', async () => {
  using folder = tempFolder();
  const file = made(
    folder.path,
    `CREATE TABLE t(a, b AS (replace(hex(a), '00', 'zero')), c AS (printf('%09d', length(a))) STORED, CHECK (a NOT LIKE '%x%' AND instr(a, 'y') = 0));
     INSERT INTO t(a) VALUES (zeroblob(20000000)), (zeroblob(3))`,
  );
  const facts = await proveFile(file);
  expect(facts).toMatchObject({ integrity: [], notProven: [], records: 2 });
  if (HAS_SHELL) expect(facts.digest).toBe(shellDigest(file));
});

test.each([
  [`CREATE TABLE t(a CHECK ('ENDLESS' = 0))`, []],
  [
    `CREATE TABLE t(a, g AS ('ENDLESS'))`,
    ['Table t cannot be read: what its schema computes takes longer than 2 seconds.'],
  ],
])('a schema that computes for ever is left alone: %s', async (sql, unread) => {
  using folder = tempFolder();
  const file = made(
    folder.path,
    `${sql}; INSERT INTO t(a) VALUES (1); CREATE TABLE plain(a); INSERT INTO plain VALUES (1)`,
  );
  const scratch = path.join(folder.path, 'scratch');
  const facts = await proveSqlite(filesOf(file), { scratch }, 2);
  expect(facts).toMatchObject({ integrity: [], foreignKeys: null });
  expect(facts.tables['plain']).toBe(1);
  expect(facts.digest === null).toBe(unread.length > 0);
  expect(facts.notProven).toEqual([
    ...unread,
    'SQLite checks neither integrity nor foreign keys: what its schema computes takes longer than 2 seconds.',
  ]);
  expect(fs.readdirSync(folder.path)).toEqual(['made.db']);
});

test('a signal ends it', async () => {
  using folder = tempFolder();
  const file = made(folder.path, `CREATE TABLE t(a CHECK ('ENDLESS' = 0)); INSERT INTO t VALUES (1)`);
  await expect(proveFile(file, AbortSignal.timeout(1500))).rejects.toMatchObject({ code: 'INTERRUPTED' });
  expect(fs.readdirSync(folder.path)).toEqual(['made.db']);
});

test('Ctrl-C ends a backup while a schema computes', async () => {
  using folder = tempFolder();
  const root = path.join(folder.path, 'p');
  fs.mkdirSync(path.join(root, 'data'), { recursive: true });
  made(path.join(root, 'data'), `CREATE TABLE t(a CHECK ('ENDLESS' = 0)); INSERT INTO t VALUES (1)`);
  const config = { categories: { app: { sources: { d: { path: 'data' } } } } };
  fs.writeFileSync(path.join(root, 'migbackup.config.json'), JSON.stringify(config));
  const [program, ...args] = cliCommand();
  const run = spawn(program, [...args, 'create'], { cwd: root, env: cleanEnvironment(), stdio: 'ignore' });
  const ended = once(run, 'exit');
  const folders = (): string[] => fs.readdirSync(root, { recursive: true, encoding: 'utf8' });
  await vi.waitUntil(() => folders().some((name) => name.endsWith('copy.db')), { timeout: 20_000 });
  await setTimeout(500);
  expect(run.exitCode).toBeNull();
  run.kill('SIGINT');
  expect(await ended).toEqual([130, null]);
  expect(folders().filter((name) => name.includes('partial'))).toEqual([]);
});

test.each(['CREATE VIRTUAL TABLE', 'create /* a */ -- b\n virtual table'])(
  'a virtual table with pages of its own (%s) is refused before its module runs',
  async (begin) => {
    using folder = tempFolder();
    const file = path.join(folder.path, 'made.db');
    const db = new DatabaseSync(file, { defensive: false });
    db.exec(
      'CREATE TABLE t(a); INSERT INTO t VALUES (1); CREATE VIRTUAL TABLE w USING fts5(x); PRAGMA writable_schema = ON',
    );
    const given = db.prepare(
      "UPDATE sqlite_schema SET sql = replace(sql, 'CREATE VIRTUAL TABLE', ?), rootpage = 2 WHERE name = 'w'",
    );
    given.run(begin);
    db.close();
    await expect(proveFile(file)).rejects.toMatchObject({
      code: 'DATABASE_DAMAGED',
      message: expect.stringContaining('table w is virtual'),
    });
    await expect(recordLines(file)).rejects.toMatchObject({ code: 'DATABASE_DAMAGED' });
  },
);
