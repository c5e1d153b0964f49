import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { recordLines } from '../../support/sqlite/record-lines.ts';
import { proveFile } from '../../support/sqlite/prove-file.ts';
import { HAS_SHELL, shellDigest } from '../../support/sqlite/shell.ts';
import { tempFolder } from '../../support/temp-folder.ts';

function made(folder: string, name: string, sql: string): string {
  const file = path.join(folder, name);
  const db = new DatabaseSync(file, { enableForeignKeyConstraints: false });
  db.exec(sql);
  db.close();
  return file;
}

/** A table that would answer in the place of `PRAGMA table_xinfo`, and hide a column. */
const HIDING = `
  CREATE VIRTUAL TABLE pragma_table_xinfo USING fts5(name, type, pk, hidden);
  INSERT INTO pragma_table_xinfo VALUES ('a', 't', '0', '0'), ('x', 'pragma_table_xinfo_data', '0', '0'),
    ('x', 'pragma_table_xinfo_idx', '0', '0'), ('x', 'pragma_table_xinfo_content', '0', '0'),
    ('x', 'pragma_table_xinfo_docsize', '0', '0'), ('x', 'pragma_table_xinfo_config', '0', '0');
`;

test('a virtual table called as a pragma hides no column', async () => {
  using folder = tempFolder();
  const digests: (string | null)[] = [];
  for (const value of ['one', 'two']) {
    const file = made(
      folder.path,
      `${value}.db`,
      `CREATE TABLE t(a, b); INSERT INTO t VALUES (1, '${value}'); ${HIDING}`,
    );
    const { digest } = await proveFile(file);
    if (HAS_SHELL) expect(digest).toBe(shellDigest(file));
    digests.push(digest);
    expect(await recordLines(file, 't/')).toEqual([`t/1 {"a":1,"b":"${value}"}`]);
  }
  expect(digests[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(digests[0]).not.toBe(digests[1]);
});

test.each(
  [
    'pragma_table_xinfo',
    'pragma_index_list',
    'pragma_index_xinfo',
    'pragma_foreign_key_check',
    'temp',
    'main',
    't',
  ].flatMap((name) => [`CREATE TABLE ${name}(x)`, `CREATE VIEW ${name} AS SELECT 1`]),
)('%s: nothing of the schema answers in the place of SQLite', async (sql) => {
  using folder = tempFolder();
  const file = made(
    folder.path,
    'made.db',
    `CREATE TABLE own(a, b, PRIMARY KEY(b, a)) WITHOUT ROWID; INSERT INTO own VALUES (1, 2);
     CREATE TABLE child(c, d, FOREIGN KEY(c, d) REFERENCES own(b, a)); ${sql}`,
  );
  const facts = await proveFile(file);
  expect(facts).toMatchObject({ integrity: [], notProven: [], records: 1 });
  if (HAS_SHELL) expect(facts.digest).toBe(shellDigest(file));
  expect(await recordLines(file, 'own/')).toEqual(['own/2,1 {"a":1,"b":2}']);
});

test('broken references are counted where a table is called as the pragma that names them', async () => {
  using folder = tempFolder();
  const file = made(
    folder.path,
    'made.db',
    `CREATE TABLE p(a PRIMARY KEY); CREATE TABLE c(p REFERENCES p(a)); INSERT INTO c VALUES (1), (2);
     CREATE TABLE pragma_foreign_key_check(x)`,
  );
  expect(await proveFile(file)).toMatchObject({ foreignKeys: 2 });
});
