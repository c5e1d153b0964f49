import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { proveFile } from '../../support/sqlite/prove-file.ts';
import { recordLines } from '../../support/sqlite/record-lines.ts';
import { HAS_SHELL, shellDigest } from '../../support/sqlite/shell.ts';
import { tempFolder } from '../../support/temp-folder.ts';

function made(folder: string, sql: string): string {
  const file = path.join(folder, 'made.db');
  const db = new DatabaseSync(file);
  db.exec(`PRAGMA ignore_check_constraints = ON; ${sql}`);
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
