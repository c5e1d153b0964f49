import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { DatabaseRecord } from '../../../src/core/databases/engine.ts';
import { sqliteRecords, sqliteTables } from '../../../src/core/databases/sqlite/proof/records.ts';
import { NASTY } from '../../support/sqlite/nasty-databases.ts';
import { filesOf, proveFile } from '../../support/sqlite/prove-file.ts';
import { tempFolder } from '../../support/temp-folder.ts';

async function recordsOf(file: string, prefix?: string): Promise<DatabaseRecord[]> {
  const scratch = path.join(path.dirname(file), 'scratch');
  const all: DatabaseRecord[] = [];
  const options = { scratch, prefix: prefix === undefined ? undefined : Buffer.from(prefix) };
  for await (const batch of sqliteRecords(filesOf(file), options)) all.push(...batch);
  return all;
}

const lines = (records: readonly DatabaseRecord[]): string[] =>
  records.map(({ key, value }) => `${key.toString()} ${value.toString()}`);

function made(folder: string, sql: string, name = 'made.db'): string {
  const file = path.join(folder, name);
  const db = new DatabaseSync(file, { enableForeignKeyConstraints: false });
  db.exec(sql);
  db.close();
  return file;
}

test.each(Object.entries(NASTY))('every row is a record with a key of its own, in order: %s', async (_, make) => {
  using folder = tempFolder();
  const file = path.join(folder.path, 'made.db');
  make(file);
  const { records, tables } = await proveFile(file);
  const all = await recordsOf(file);
  expect(all).toHaveLength(records ?? -1);
  expect(new Set(all.map(({ key }) => key.toString('latin1'))).size).toBe(all.length);
  for (const [index, { value, order }] of all.entries()) {
    expect(JSON.parse(value.toString())).toBeTypeOf('object');
    if (index > 0) expect(Buffer.compare(all[index - 1]?.order ?? order, order)).toBe(-1);
  }
  const scratch = path.join(folder.path, 'scratch');
  const counted = await sqliteTables(filesOf(file), { scratch });
  const nameable = counted.filter(({ rows }) => rows !== null);
  // `__proto__` is stated with a backslash.
  const stated = (name: string): number | undefined => tables[name === '__proto__' ? String.raw`\__proto__` : name];
  expect(nameable.every(({ name, rows }) => stated(name.toString()) === rows)).toBe(true);
  const names = counted.map(({ name }) => name);
  expect(names).toEqual(names.toSorted((a, b) => Buffer.compare(a, b)));
  expect(fs.existsSync(scratch)).toBe(false);
});

test('keys and values of every kind, as they are written', async () => {
  using folder = tempFolder();
  const file = path.join(folder.path, 'made.db');
  NASTY['keys of every kind']?.(file);
  expect(lines(await recordsOf(file))).toEqual([
    'blob_key/1 {"k":1,"v":4}',
    'blob_key/1.5 {"k":1.5,"v":5}',
    'blob_key/text {"k":"text","v":3}',
    `blob_key/x'' {"k":{"base64":""},"v":2}`,
    `blob_key/x'ff00' {"k":{"base64":"/wA="},"v":1}`,
    'descending/1 {"k":1,"v":1}',
    'descending/2 {"k":2,"v":2}',
    'descending/3 {"k":3,"v":3}',
    'int_not_alias/null@2 {"k":null,"v":"none"}',
    'int_not_alias/5 {"k":5,"v":"five"}',
    'no_key/1 {"v":1}',
    'no_key/2 {"v":1}',
    'no_key/3 {"v":null}',
    'text_key/null@3 {"k":null,"v":3}',
    'text_key/null@4 {"k":null,"v":4}',
    `text_key/'' {"k":"","v":5}`,
    `text_key/'7' {"k":"7","v":7}`,
    'text_key/a {"k":"a","v":2}',
    String.raw`text_key/a\,b {"k":"a,b","v":6}`,
    'text_key/b {"k":"b","v":1}',
    'two/null,z@3 {"a":"z","b":null,"v":3}',
    'two/1,y {"a":"y","b":1,"v":2}',
    'two/2,x {"a":"x","b":2,"v":1}',
    'w/1,A {"a":"A","b":1,"c":1.0,"d":"d1"}',
    'w/1,C {"a":"C","b":1,"c":3.0,"d":{"base64":"AQ=="}}',
    'w/2,b {"a":"b","b":2,"c":2.5,"d":null}',
    'w_again/1,2 {"a":1,"b":2,"v":"w"}',
    'w_again/2,1 {"a":2,"b":1,"v":"v"}',
  ]);
});

test.each(['every type', 'every type in UTF-16LE', 'every type in UTF-16BE'])('values of %s', async (name) => {
  using folder = tempFolder();
  const file = path.join(folder.path, 'made.db');
  NASTY[name]?.(file);
  expect(lines(await recordsOf(file))).toEqual([
    'types/-5 {"id":-5,"anything":9223372036854775807,"i":-9223372036854775808,"t":"","r":0.0,"b":{"base64":""},"n":1e+300,"d":9007199254740992.0,"f":0.1,"v":null}',
    'types/1 {"id":1,"anything":null,"i":1,"t":"a","r":1.0,"b":{"base64":"AA=="},"n":1.5,"d":2.0,"f":3,"v":"4"}',
    String.raw`types/3 {"id":3,"anything":2147483647,"i":-2147483649,"t":"\u0000after\u0000","r":{"real":"-Infinity"},"b":{"base64":"/w=="},"n":140737488355327,"d":-140737488355329.0,"f":4611686018427387904,"v":"1.0"}`,
    'types/4 {"id":4,"anything":0,"i":1,"t":"0","r":0.0,"b":1,"n":"12abc","d":7.0,"f":1000,"v":{"base64":"QQ=="}}',
    'types/2147483648 {"id":2147483648,"anything":127,"i":-128,"t":"é 中 😀","r":{"real":"Infinity"},"b":{"base64":"AAAA"},"n":-32768,"d":32767.0,"f":-8388608,"v":"8388607"}',
  ]);
});

test('TEXT that is not UTF-8 is told from what it looks like, also behind rows that are', async () => {
  using folder = tempFolder();
  const file = path.join(folder.path, 'made.db');
  NASTY['TEXT that is not UTF-8']?.(file);
  const db = new DatabaseSync(file);
  db.exec("INSERT INTO t VALUES ('A', '\u{fffd}')");
  db.close();
  expect((await recordsOf(file, 't/')).map(({ value }) => value.toString())).toEqual([
    '{"a":"A","b":"\u{fffd}"}',
    '{"a":{"text":"Yf9iwyjwgICA7aCA"},"b":1.0}',
    '{"a":{"text":"/w=="},"b":{"text":"Yf9iwyjwgICA7aCA"}}',
  ]);
});

test('a prefix: of tables, a table, its keys; a table with a slash in its name', async () => {
  using folder = tempFolder();
  const file = made(
    folder.path,
    `CREATE TABLE "a/b"(k INTEGER PRIMARY KEY); INSERT INTO "a/b" VALUES (1), (12); CREATE TABLE a(k TEXT PRIMARY KEY); INSERT INTO a VALUES ('b'), ('b/1'), ('c');
     CREATE TABLE b(v); INSERT INTO b VALUES (1)`,
  );
  const keys = async (prefix: string): Promise<string[]> =>
    (await recordsOf(file, prefix)).map(({ key }) => key.toString());
  expect(await keys('a')).toEqual(['a/b', 'a/b/1', 'a/c', String.raw`a\/b/1`, String.raw`a\/b/12`]);
  expect(await keys('a/')).toEqual(['a/b', 'a/b/1', 'a/c']);
  expect(await keys('a/b')).toEqual(['a/b', 'a/b/1']);
  expect(await keys(String.raw`a\/b/1`)).toEqual([String.raw`a\/b/1`, String.raw`a\/b/12`]);
  expect(await keys('x')).toEqual([]);
});

test('two databases are merged by the order, whatever their rowids, collations and kinds of tables are', async () => {
  using folder = tempFolder();
  const values =
    "('b'), ('B'), ('a'), (x'61'), (1), (1.5), (-2), (9007199254740993), (9007199254740992.0), (-1e300), ('a' || char(0)), ('')";
  const one = made(folder.path, `CREATE TABLE t(k PRIMARY KEY); INSERT INTO t VALUES ${values}`, 'one.db');
  const two = made(
    folder.path,
    `CREATE TABLE t(k COLLATE NOCASE, x AS (1), PRIMARY KEY (k DESC)) WITHOUT ROWID; INSERT OR IGNORE INTO t VALUES ('zz'); INSERT OR IGNORE INTO t VALUES ${values}`,
    'two.db',
  );
  const three = made(
    folder.path,
    `CREATE TABLE t(k PRIMARY KEY) WITHOUT ROWID; INSERT INTO t VALUES ${values}`,
    'three.db',
  );
  const [first, second, third] = [await recordsOf(one), await recordsOf(two), await recordsOf(three)];
  expect(first.map(({ key, order }) => [key, order])).toEqual(third.map(({ key, order }) => [key, order]));
  expect(first.map(({ key }) => key.toString())).toEqual([
    't/-1e+300',
    't/-2',
    't/1',
    't/1.5',
    't/9007199254740992.0',
    't/9007199254740993',
    "t/''",
    't/B',
    't/a',
    't/a\0',
    't/b',
    "t/x'61'",
  ]);
  // 'B' and 'b' are one to the other table.
  const shared = new Set(second.map(({ order }) => order.toString('hex')));
  expect(first.filter(({ order }) => !shared.has(order.toString('hex'))).map(({ key }) => key.toString())).toEqual([
    't/B',
  ]);
});

test('UTF-16 is sorted as UTF-8 is', async () => {
  using folder = tempFolder();
  const sql = "CREATE TABLE t(k TEXT PRIMARY KEY); INSERT INTO t VALUES ('～'), ('😀'), ('é'), ('z'), ('')";
  const one = await recordsOf(made(folder.path, sql, 'one.db'));
  const two = await recordsOf(made(folder.path, `PRAGMA encoding = 'UTF-16le'; ${sql}`, 'two.db'));
  expect(two).toEqual(one);
  expect(one.map(({ key }) => key.toString())).toEqual(["t/''", 't/z', 't/é', 't/～', 't/😀']);
});

test('a value that is too long to be held twice is told by its hash', async () => {
  using folder = tempFolder();
  const file = made(folder.path, 'CREATE TABLE t(a, b); INSERT INTO t VALUES (zeroblob(67108865), 1)');
  expect(lines(await recordsOf(file))).toEqual([
    `t/1 {"a":{"bytes":67108865,"sha256":"${createHash('sha256').update(Buffer.alloc(67_108_865)).digest('hex')}"},"b":1}`,
  ]);
});

test('an index that does not agree with its table is an error, not a list that lacks rows', async () => {
  using folder = tempFolder();
  const file = made(
    folder.path,
    "CREATE TABLE t(k TEXT PRIMARY KEY, v); INSERT INTO t VALUES ('aaaa', 1), ('bbbb', 2), ('cccc', 3)",
  );
  const bytes = fs.readFileSync(file);
  // The index holds its keys behind the pages of the schema and the table.
  const at = bytes.indexOf('cccc', 2 * 4096);
  expect(at).toBeGreaterThan(2 * 4096);
  bytes.writeUInt16BE(2, 2 * 4096 + 3);
  fs.writeFileSync(file, bytes);
  await expect(recordsOf(file)).rejects.toMatchObject({
    code: 'DATABASE_DAMAGED',
    message: expect.stringMatching(/agree/),
  });
});

test('who stops early leaves nothing behind', async () => {
  using folder = tempFolder();
  const file = made(
    folder.path,
    'CREATE TABLE t(a); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO t SELECT i FROM n',
  );
  const scratch = path.join(folder.path, 'scratch');
  for await (const batch of sqliteRecords(filesOf(file), { scratch })) {
    expect(batch.length).toBeGreaterThan(0);
    expect(batch.length).toBeLessThan(5000);
    break;
  }
  expect(fs.readdirSync(folder.path)).toEqual(['made.db']);
});

test('rows whose rowid no name reaches have keys of their own', async () => {
  using folder = tempFolder();
  const hidden = 'rowid, _rowid_, oid';
  const file = made(
    folder.path,
    `CREATE TABLE added(${hidden}); INSERT INTO added VALUES (1, 2, 3), (4, 5, 6);
     ALTER TABLE added ADD COLUMN later DEFAULT 'l'; INSERT INTO added VALUES (7, 8, 9, 'm');
     CREATE TABLE g(${hidden}, twice AS (rowid * 2)); INSERT INTO g VALUES (9, 0, 0), (8, 0, 0), (7, 0, 0);
     CREATE TABLE k(${hidden}, a, b, PRIMARY KEY(b, a));
     INSERT INTO k VALUES (0, 0, 0, 'y', NULL), (0, 0, 0, 'x', NULL), (0, 0, 0, 'x', NULL), (0, 0, 0, 'z', 1)`,
  );
  const rest = '"rowid":0,"_rowid_":0,"oid":0';
  const all = await recordsOf(file);
  expect(lines(all)).toEqual([
    'added/1 {"rowid":1,"_rowid_":2,"oid":3,"later":"l"}',
    'added/2 {"rowid":4,"_rowid_":5,"oid":6,"later":"l"}',
    'added/3 {"rowid":7,"_rowid_":8,"oid":9,"later":"m"}',
    'g/1 {"rowid":9,"_rowid_":0,"oid":0,"twice":18}',
    'g/2 {"rowid":8,"_rowid_":0,"oid":0,"twice":16}',
    'g/3 {"rowid":7,"_rowid_":0,"oid":0,"twice":14}',
    `k/null,x@2 {${rest},"a":"x","b":null}`,
    `k/null,x@3 {${rest},"a":"x","b":null}`,
    `k/null,y@1 {${rest},"a":"y","b":null}`,
    `k/1,z {${rest},"a":"z","b":1}`,
  ]);
  expect(lines(await recordsOf(file, 'g/2'))).toEqual([lines(all)[4]]);
});
