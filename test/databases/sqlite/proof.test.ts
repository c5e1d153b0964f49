import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { DatabaseFiles } from '../../../src/core/databases/database-files.ts';
import { isRealType } from '../../../src/core/databases/sqlite/proof/layout.ts';
import { proveSqlite } from '../../../src/core/databases/sqlite/proof/proof.ts';
import { NASTY } from '../../support/sqlite/nasty-databases.ts';
import { filesOf, proveFile } from '../../support/sqlite/prove-file.ts';
import { tempFolder } from '../../support/temp-folder.ts';

/** A database that `sql` makes, and what it is made of. */
function made(folder: string, sql: string): string {
  const file = path.join(folder, 'made.db');
  const db = new DatabaseSync(file, { enableForeignKeyConstraints: false, defensive: false });
  db.exec(sql);
  db.close();
  return file;
}

const ROWS = `
  CREATE TABLE t(a INTEGER PRIMARY KEY, b); CREATE INDEX ti ON t(b);
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO t SELECT i, 'row ' || i FROM n;
`;

test('a sound database: rows per table, page size, version, broken references; nothing is left, the source is as it was', async () => {
  using folder = tempFolder();
  const file = made(
    folder.path,
    `PRAGMA page_size = 1024; ${ROWS} CREATE TABLE child(t REFERENCES t(a)); INSERT INTO child VALUES (1), (5000), (5001);
     CREATE TABLE "empty one"(x); PRAGMA user_version = -7`,
  );
  const before = fs.readFileSync(file);
  const facts = await proveFile(file);
  expect(facts).toEqual({
    engine: 'sqlite',
    records: 2003,
    digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    tables: { t: 2000, child: 3, 'empty one': 0 },
    journalMode: 'delete',
    pageSize: 1024,
    userVersion: -7,
    integrity: [],
    foreignKeys: 2,
    notProven: [],
    readers: ['migbackup', 'sqlite'],
  });
  expect(fs.readFileSync(file)).toEqual(before);
  expect(fs.readdirSync(folder.path)).toEqual(['made.db']);
});

test('a log is taken over and a journal rolled back, in the copy alone', async () => {
  using folder = tempFolder();
  for (const [name, facts] of [
    ['a WAL that is not in the file yet', { journalMode: 'wal', tables: { t: 1 }, integrity: [] }],
    ['a hot journal', { journalMode: 'delete', tables: { t: 500 }, integrity: [] }],
  ] as const) {
    const file = path.join(folder.path, name);
    NASTY[name]?.(file);
    const before = fs.readdirSync(folder.path);
    expect(await proveFile(file)).toMatchObject(facts);
    expect(fs.readdirSync(folder.path)).toEqual(before);
  }
});

test('a file that a journal names is not removed, and not looked at', async () => {
  using folder = tempFolder();
  const file = path.join(folder.path, 'made.db');
  NASTY['a hot journal']?.(file);
  const victim = path.join(folder.path, 'precious-mj0123459AB');
  nameSuperJournal(`${file}-journal`, victim);
  // Older versions of SQLite remove whatever is named, newer ones what names the journal in its turn.
  fs.writeFileSync(victim, `${path.join(folder.path, 'scratch', 'copy.db')}-journal\0`);
  expect(await proveFile(file)).toMatchObject({ tables: { t: 500 }, integrity: [] });
  expect(fs.existsSync(victim)).toBe(true);
  // What SQLite does by itself.
  fs.writeFileSync(victim, `${file}-journal\0`);
  const db = new DatabaseSync(file);
  db.prepare('SELECT count(*) FROM t').get();
  db.close();
  expect(fs.existsSync(victim)).toBe(false);
});

/** Puts the name of a super-journal at the end of a journal (src/pager.c, writeSuperJournal). */
function nameSuperJournal(journal: string, name: string): void {
  const bytes = Buffer.from(name);
  const tail = Buffer.alloc(8);
  tail.writeUInt32BE(bytes.length, 0);
  tail.writeUInt32BE(
    bytes.reduce((sum, byte) => sum + byte, 0),
    4,
  );
  const page = Buffer.alloc(4);
  page.writeUInt32BE(0x40000000 / 4096 + 1);
  fs.appendFileSync(journal, Buffer.concat([page, bytes, tail, Buffer.from('d9d505f920a163d7', 'hex')]));
}

test('no module of a virtual table runs, and no view or trigger', async () => {
  using folder = tempFolder();
  const file = made(
    folder.path,
    `CREATE VIRTUAL TABLE words USING fts5(body); INSERT INTO words VALUES ('hello');
     CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n;
     CREATE TABLE t(a); CREATE TRIGGER never AFTER INSERT ON t BEGIN SELECT load_extension('nowhere'); END;
     UPDATE words_data SET block = x'00' WHERE id = 10`,
  );
  // The module would find its index damaged.
  const db = new DatabaseSync(file);
  expect(Object.values(db.prepare('PRAGMA integrity_check').get() ?? {})[0]).toMatch(/words/);
  db.close();
  expect(await proveFile(file)).toMatchObject({ integrity: [], notProven: [], tables: { words_content: 1 } });
});

test('a column that only a function computes which is not there: the table is named, the rest is proven', async () => {
  using folder = tempFolder();
  const file = path.join(folder.path, 'made.db');
  const db = new DatabaseSync(file);
  db.function('owners', { deterministic: true }, (value) => value);
  db.exec(
    `${ROWS} CREATE TABLE g(a, b AS (owners(a))); INSERT INTO g(a) VALUES (1); CREATE TABLE c(a CHECK (owners(a))); INSERT INTO c VALUES (1)`,
  );
  db.close();
  expect(await proveFile(file)).toMatchObject({
    records: null,
    digest: null,
    tables: { t: 2000, c: 1 },
    integrity: [],
    notProven: [
      'Table g cannot be read: function owners is not known here.',
      'Table c and its indexes are not checked by SQLite: function owners is not known here.',
      'Pages that belong to no table are not checked by SQLite.',
    ],
  });
});

test('a page of an index that is zeroed is told, and the rows are all there', async () => {
  using folder = tempFolder();
  const file = made(folder.path, ROWS);
  const { digest } = await proveFile(file);
  zeroPage(file, rootOf(file, 'ti') + 1);
  const facts = await proveFile(file);
  expect(facts).toMatchObject({ records: 2000, digest });
  expect(facts.integrity).not.toEqual([]);
});

test('a page of a table that is zeroed: its rows are not counted, those of the others are', async () => {
  using folder = tempFolder();
  const file = made(folder.path, `${ROWS} CREATE TABLE other(x); INSERT INTO other VALUES (1)`);
  zeroPage(file, rootOf(file, 't'));
  const facts = await proveFile(file);
  expect(facts).toMatchObject({ records: null, digest: null, tables: { other: 1 } });
  expect(facts.notProven).toEqual([expect.stringMatching(/^Table t cannot be read: /)]);
  expect(facts.integrity).not.toEqual([]);
});

test('pages that lead round in a ring end', async () => {
  using folder = tempFolder();
  const file = made(folder.path, ROWS);
  for (const name of ['t', 'ti']) {
    const copy = path.join(folder.path, `${name}.db`);
    fs.copyFileSync(file, copy);
    makeRing(copy, rootOf(file, name));
    const facts = await proveFile(copy);
    expect(facts.integrity.join('\n')).toMatch(/twice|deeper/);
    expect(facts.records).toBe(name === 't' ? null : 2000);
  }
});

test('a schema whose pages lead round in a ring ends', async () => {
  using folder = tempFolder();
  const file = made(
    folder.path,
    Array.from({ length: 100 }, (_, at) => `CREATE TABLE table_number_${at}(a, b)`).join(';'),
  );
  makeRing(file, 1);
  await expect(proveFile(file)).rejects.toMatchObject({ code: 'DATABASE_DAMAGED' });
});

test('a schema that SQLite does not take is told, and what can be read is counted', async () => {
  using folder = tempFolder();
  const file = made(
    folder.path,
    `${ROWS} CREATE TABLE z(a); PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE z(' WHERE name = 'z'`,
  );
  const facts = await proveFile(file);
  expect(facts).toMatchObject({ records: null, digest: null, tables: { t: 2000 } });
  expect(facts.integrity[0]).toMatch(/malformed database schema/);
});

const BROKEN: Readonly<Record<string, readonly [(whole: Buffer) => Buffer, RegExp]>> = {
  'no bytes': [() => Buffer.alloc(0), /empty/],
  'a header alone': [(whole) => whole.subarray(0, 100), /inside its first page|not a database|malformed/],
  'half a header': [(whole) => whole.subarray(0, 50), /inside its header|empty|not a database/],
  'zeros behind the header': [
    (whole) => Buffer.concat([whole.subarray(0, 100), Buffer.alloc(whole.length - 100)]),
    /page 1/,
  ],
  zeros: [(whole) => Buffer.alloc(whole.length), /zeroed|not a database/],
  'noise behind the header': [
    (whole) => Buffer.concat([whole.subarray(0, 100), noise(whole.length - 100)]),
    /page|SQLite says/,
  ],
  'a page size that is none': [(whole) => patched(whole, 16, 0x03, 0xe8), /page size|not a database/],
  'no magic, as where it is encrypted': [
    (whole) => Buffer.concat([noise(16), whole.subarray(16)]),
    /encrypted|not a database/,
  ],
  'a file format of tomorrow': [(whole) => patched(patched(whole, 18, 9), 19, 9), /not a database|SQLite says/],
  'a schema format of tomorrow': [(whole) => patched(whole, 44, 0, 0, 0, 99), /unsupported file format/],
};

test.each(Object.entries(BROKEN))('a file of which nothing can be read is named: %s', async (_, [change, why]) => {
  using folder = tempFolder();
  const file = made(folder.path, ROWS);
  fs.writeFileSync(file, change(fs.readFileSync(file)));
  await expect(proveFile(file)).rejects.toMatchObject({
    code: 'DATABASE_DAMAGED',
    message: expect.stringMatching(why),
  });
  expect(fs.readdirSync(folder.path)).toEqual(['made.db']);
});

test('a database that is cut says so', async () => {
  using folder = tempFolder();
  const file = made(folder.path, ROWS);
  fs.truncateSync(file, Math.floor(fs.statSync(file).size / 8192) * 4096);
  const told = await proveFile(file).then(
    (facts) => facts.integrity.length,
    (error: unknown) => error,
  );
  expect(told instanceof Error ? told : Number(told) > 0).toBeTruthy();
});

test('no main file, no space, an abort', async () => {
  using folder = tempFolder();
  const file = made(folder.path, ROWS);
  const scratch = path.join(folder.path, 'scratch');
  const none: DatabaseFiles = { names: () => ['-wal'], open: () => expect.unreachable() };
  await expect(proveSqlite(none, { scratch })).rejects.toMatchObject({ code: 'DATABASE_DAMAGED' });
  const huge: DatabaseFiles = {
    names: () => [''],
    open: () => ({ size: 2 ** 52, read: () => expect.unreachable() }),
  };
  await expect(proveSqlite(huge, { scratch })).rejects.toMatchObject({ code: 'NO_SPACE' });
  await expect(proveFile(file, AbortSignal.abort())).rejects.toMatchObject({ code: 'INTERRUPTED' });
  expect(fs.readdirSync(folder.path)).toEqual(['made.db']);
});

test('the copy lies in a folder of its owner alone', async () => {
  using folder = tempFolder();
  const file = made(folder.path, ROWS);
  const scratch = path.join(folder.path, 'scratch');
  const files = filesOf(file);
  let mode = 0;
  const watched: DatabaseFiles = {
    names: () => files.names(),
    open(name) {
      const opened = files.open(name);
      return {
        ...opened,
        read(position, length) {
          mode = fs.statSync(scratch).mode & 0o777;
          return opened.read(position, length);
        },
      };
    },
  };
  await proveSqlite(watched, { scratch });
  expect(mode).toBe(0o700);
});

test('node:sqlite writes no warning', () => {
  using folder = tempFolder();
  const file = made(folder.path, ROWS);
  const script = path.join(import.meta.dirname, '../../support/sqlite/prove-file.ts');
  const code = `const { proveFile } = await import(${JSON.stringify(script)}); console.log((await proveFile(${JSON.stringify(file)})).records)`;
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
  expect(run).toMatchObject({ stdout: '2000\n', stderr: '', status: 0 });
});

test.each([
  'REAL',
  'float',
  'Double Precision',
  'FLOATING',
  'REALINT',
  'xREALx',
  'INT',
  'NUMERIC',
  'TEXT',
  '',
  'BLOB',
  'REAL BLOB',
  'CHARREAL',
  'ANY',
])('SQLite reads an integer of a column of type "%s" as the proof does', (type) => {
  const db = new DatabaseSync(':memory:');
  db.exec(`CREATE TABLE t(a ${type}); INSERT INTO t VALUES (1)`);
  expect(db.prepare('SELECT typeof(a) AS type FROM t').get()?.['type'] === 'real').toBe(isRealType(type));
  db.close();
});

function rootOf(file: string, name: string): number {
  const db = new DatabaseSync(file, { readOnly: true });
  const root = Number(db.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').get(name)?.['rootpage']);
  db.close();
  return root;
}

function zeroPage(file: string, number: number): void {
  const bytes = fs.readFileSync(file);
  fs.writeFileSync(file, bytes.fill(0, (number - 1) * 4096, number * 4096));
}

/** All children of the root are the root. */
function makeRing(file: string, root: number): void {
  const bytes = fs.readFileSync(file);
  const page = bytes.subarray((root - 1) * 4096, root * 4096);
  const start = root === 1 ? 100 : 0;
  expect([2, 5]).toContain(page[start]);
  for (let index = 0; index < page.readUInt16BE(start + 3); index++)
    page.writeUInt32BE(root, page.readUInt16BE(start + 12 + index * 2));
  page.writeUInt32BE(root, start + 8);
  fs.writeFileSync(file, bytes);
}

function patched(whole: Buffer, at: number, ...values: number[]): Buffer {
  const copy = Buffer.from(whole);
  values.forEach((value, index) => (copy[at + index] = value));
  return copy;
}

/** The same each time. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 1;
  for (let at = 0; at < length; at++) bytes[at] = (state = (state * 48_271) % 0x7fffffff) & 0xff;
  return bytes;
}
