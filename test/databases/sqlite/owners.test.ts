import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { sqliteTables } from '../../../src/core/databases/sqlite/proof/records.ts';
import { makeOwners } from '../../support/sqlite/owners-database.ts';
import { filesOf, proveFile } from '../../support/sqlite/prove-file.ts';
import { recordLines } from '../../support/sqlite/record-lines.ts';
import { HAS_SHELL, shellDigest } from '../../support/sqlite/shell.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const TABLES = { chk: 1, ck: 2, col: 1, fx: 1, gs: 1, ix: 1, plain: 1, px: 1, wk: 2 };

test("what hangs on an application's own collation or function is not checked, and all rows are proven", async () => {
  using folder = tempFolder();
  const file = path.join(folder.path, 'made.db');
  makeOwners(file);
  const facts = await proveFile(file);
  expect(facts).toMatchObject({ records: 11, tables: TABLES, integrity: [] });
  const of = (table: string, what: string): string =>
    `Table ${table} and its indexes are not checked by SQLite: ${what}.`;
  expect(facts.notProven).toEqual([
    of('chk', 'function owners is not known here'),
    of('ck', 'collation unicase is not known here'),
    of('fx', 'function owners is not known here'),
    of('ix', 'collation unicase is not known here'),
    of('px', 'function owners is not known here'),
    of('wk', 'collation unicase is not known here'),
    'Pages that belong to no table are not checked by SQLite.',
  ]);
  // The shell cannot read the table whose rows lie in the order of that collation, and leaves it out.
  expect(facts.digest).toMatch(/^[0-9a-f]{64}$/);
  fs.rmSync(file);
  makeOwners(file, 'DROP TABLE wk');
  if (HAS_SHELL) expect((await proveFile(file)).digest).toBe(shellDigest(file));
});

test('faults of the other tables are told all the same', async () => {
  using folder = tempFolder();
  const file = path.join(folder.path, 'made.db');
  makeOwners(
    file,
    'CREATE TABLE bad(a CHECK (a < 5)); PRAGMA ignore_check_constraints = ON; INSERT INTO bad VALUES (7)',
  );
  expect(await proveFile(file)).toMatchObject({ integrity: ['CHECK constraint failed in bad'], records: 12 });
});

test('every row is a record, in the order of its key without any collation', async () => {
  using folder = tempFolder();
  const file = path.join(folder.path, 'made.db');
  makeOwners(file, 'CREATE TABLE gv(a, b AS (owners(a)), c); INSERT INTO gv VALUES (1, 3)');
  expect(await recordLines(file)).toEqual([
    'chk/1 {"a":1}',
    'ck/A {"a":"A","b":2}',
    'ck/x {"a":"x","b":1}',
    'col/1 {"a":"x","b":1}',
    'fx/1 {"a":1}',
    `gs/'1' {"a":"1","b":"1"}`,
    // The column that only the application can compute is left out.
    'gv/1 {"a":1,"c":3}',
    'ix/1 {"a":"q"}',
    'plain/1 {"a":1,"b":2}',
    'px/1 {"a":1}',
    'wk/A {"a":"A","b":2}',
    'wk/x {"a":"x","b":1}',
  ]);
  const counted = await sqliteTables(filesOf(file), { scratch: path.join(folder.path, 'scratch') });
  expect(Object.fromEntries(counted.map(({ name, rows }) => [name.toString(), rows]))).toEqual({ ...TABLES, gv: 1 });
});

test('a table of which the pages do not suffice either is named, and the others are read', async () => {
  using folder = tempFolder();
  const file = path.join(folder.path, 'made.db');
  makeOwners(file, "ALTER TABLE wk ADD COLUMN later DEFAULT 'l'");
  const { records, tables, integrity, notProven } = await proveFile(file);
  expect({ records, integrity }).toEqual({ records: null, integrity: [] });
  const { wk, ...others } = TABLES;
  expect({ ...tables, wk }).toEqual({ ...others, wk });
  expect(notProven[0]).toBe('Table wk cannot be read: collation unicase is not known here.');
  expect(await recordLines(file, 'ck/')).toHaveLength(2);
  await expect(recordLines(file, 'wk/')).rejects.toMatchObject({
    code: 'DATABASE_DAMAGED',
    message: expect.stringContaining('unicase'),
  });
});
