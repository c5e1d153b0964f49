import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { foreignDatabase, foreignDatabaseFile } from '../../src/core/databases/others.ts';
import { put } from '../support/files.ts';
import { makeSqlite, makeSqliteWithWal } from '../support/sqlite/make-sqlite.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { makeDatabase } from './leveldb/make-database.ts';

/** The first page of a database as its library writes it: these numbers at these places, zeros else. */
function page(...numbers: readonly [at: number, bytes: string][]): Buffer {
  const bytes = Buffer.alloc(4096);
  for (const [at, hex] of numbers) Buffer.from(hex, 'hex').copy(bytes, at);
  return bytes;
}

const CURRENT = { CURRENT: 'MANIFEST-000005\n', 'MANIFEST-000005': '', '000008.sst': '' };
const ROCKS_OPTIONS =
  '# This is a RocksDB option file.\n#\n\n[Version]\n  rocksdb_version=8.9.1\n  options_file_version=1.1\n';
const PEBBLE_OPTIONS = '[Version]\n  pebble_version=0.1\n\n[Options]\n  bytes_per_sync=524288\n';
const LMDB_09 = page([10, '0800'], [16, 'dec0efbe01000000']);
/** Of lmdb 3.5.6 (npm), which has LMDB 1.0. */
const LMDB_10 = page([18, '0800'], [24, 'dec0efbe02000000']);
/** Page header of 20 bytes; MDBX_DATA_MAGIC is 0x59659DBDEF4C1103. */
const MDBX = page([10, '0800'], [20, '03114cefbd9d6559']);
/** Of PGlite 0.5.16. */
const CONTROL = page([0, '2a80020a06320d6b080700003300120c']);
const POSTGRES = { PG_VERSION: '18\n', 'global/pg_control': CONTROL, 'base/1/PG_VERSION': '18\n' };

function folderWith(root: string, files: Readonly<Record<string, string | Buffer>>): string[] {
  for (const [name, content] of Object.entries(files)) put(root, name, content);
  return fs.readdirSync(root);
}

test.each<[string, string | null, Readonly<Record<string, string | Buffer>>]>([
  ['RocksDB by its options', 'rocksdb', { ...CURRENT, 'OPTIONS-000007': ROCKS_OPTIONS }],
  ['RocksDB by its identity', 'rocksdb', { ...CURRENT, IDENTITY: '94f22dbc-2d33-4b1b-a1b4-2b4a5a1c9a5e' }],
  ['Pebble of 2021, by its options', 'pebble', { ...CURRENT, 'OPTIONS-000003': PEBBLE_OPTIONS }],
  [
    'Pebble of today, without CURRENT',
    'pebble',
    {
      'MANIFEST-000001': '',
      'OPTIONS-000003': PEBBLE_OPTIONS,
      'marker.format-version.000001.013': '',
      'marker.manifest.000001.MANIFEST-000001': '',
    },
  ],
  ['LMDB 0.9', 'lmdb', { 'data.mdb': LMDB_09, 'lock.mdb': '' }],
  ['LMDB 1.0', 'lmdb', { 'data.mdb': LMDB_10, 'lock.mdb': '' }],
  ['LMDB of a 32-bit machine', 'lmdb', { 'data.mdb': page([12, 'dec0efbe01000000']), 'lock.mdb': '' }],
  ['MDBX', 'mdbx', { 'mdbx.dat': MDBX, 'mdbx.lck': '' }],
  ['PostgreSQL or PGlite', 'postgresql', POSTGRES],
  ['the names of RocksDB with other content', null, { ...CURRENT, 'OPTIONS-000007': 'notes', IDENTITY: 'me' }],
  ['options of RocksDB in a folder that names no manifest', null, { 'OPTIONS-000007': ROCKS_OPTIONS }],
  ['the names of LMDB with other content', null, { 'data.mdb': page(), 'lock.mdb': '' }],
  ['the names of MDBX with other content', null, { 'mdbx.dat': 'text', 'mdbx.lck': '' }],
  ['the names of PostgreSQL with other content', null, { ...POSTGRES, 'global/pg_control': page() }],
  ['a note that is named as LMDB’s file', null, { 'data.mdb': 'x' }],
])('a folder: %s is %s', (_, engine, files) => {
  using temp = tempFolder();
  const names = folderWith(temp.path, files);
  const found = foreignDatabase(temp.path, names);
  expect(found?.engine ?? null).toBe(engine);
  if (found !== null) expect(found).toMatchObject({ title: expect.any(String), stop: expect.any(String) });
});

test('a LevelDB is none of them', async () => {
  using temp = tempFolder();
  await makeDatabase(temp.path, (db) => db.put(Buffer.from('key'), Buffer.from('value')));
  expect(foreignDatabase(temp.path, fs.readdirSync(temp.path))).toBeNull();
});

/** As SQLCipher writes it: the salt, then pages that nothing tells from random bytes; its `-wal` has SQLite's header. */
const ENCRYPTED = randomBytes(12_288);
const WAL = page([0, '377f0682002de218']);
const JOURNAL = page([0, 'd9d505f920a163d7']);
const SQLITE_2 = '** This file contains an SQLite 2.1 database **'.padEnd(3072, '\0');

test.each<[string, string | null, Readonly<Record<string, string | Buffer>>]>([
  ['an encrypted database by its name', 'sqlite-encrypted', { 'a.db': ENCRYPTED }],
  ['an encrypted database of another name, with a -wal', 'sqlite-encrypted', { a: ENCRYPTED, 'a-wal': WAL }],
  ['a database of SQLite 2', 'sqlite-2', { 'a.db': SQLITE_2 }],
  ['a database of zeros', 'sqlite-zeroed', { 'a.sqlite3': page() }],
  ['a big one of zeros', 'sqlite-zeroed', { 'a.db': Buffer.alloc(1 << 20) }],
  ['a database of zeros of another name with a -wal', 'sqlite-zeroed', { a: page(), 'a-wal': WAL }],
  ['zeros behind which something stands', 'sqlite-none', { 'a.db': Buffer.concat([page(), page([9, 'ff'])]) }],
  ['a database without its header with a -wal', 'sqlite-headless', { 'a.db': page([99, 'ff']), 'a.db-wal': WAL }],
  ['one with a journal', 'sqlite-headless', { 'a.db': page([99, 'ff']), 'a.db-journal': JOURNAL }],
  ['LMDB in a file', 'lmdb', { a: LMDB_10, 'a-lock': '' }],
  ['MDBX in a file', 'mdbx', { a: MDBX, 'a-lck': '' }],
  ['a dump of Redis', 'redis', { 'dump.rdb': 'REDIS0011\xfa' }],
  ['a DuckDB database', 'duckdb', { 'a.duckdb': page([8, '4455434b']) }],
  ['the name of a dump with other content', null, { 'dump.rdb': 'text' }],
  ['random bytes of another name', null, { 'a.bin': ENCRYPTED }],
  ['random bytes that are no pages', 'sqlite-none', { 'a.db': ENCRYPTED.subarray(1) }],
  ['a small file', 'sqlite-none', { 'a.db': ENCRYPTED.subarray(512, 1024) }],
  ['text', 'sqlite-none', { 'a.db': 'name,value\n'.repeat(512) }],
  ['zeros of another name', null, { 'a.bin': page() }],
  ['text with a file beside it that is named as a -wal', null, { a: 'text'.repeat(512), 'a-wal': 'text' }],
  ['an empty file', null, { 'a.db': '', 'a.db-wal': WAL }],
  ['the name of LMDB with other content', null, { a: 'text', 'a-lock': '' }],
])('a file: %s is %s', (_, engine, files) => {
  using temp = tempFolder();
  const names = new Set(folderWith(temp.path, files));
  const [first = ''] = Object.keys(files);
  expect(foreignDatabaseFile(path.join(temp.path, first), names)?.engine ?? null).toBe(engine);
});

test('a database of SQLite 3, its parts, a link and a pipe’s place are none of them', () => {
  using temp = tempFolder();
  makeSqlite(path.join(temp.path, 'a.db'));
  makeSqliteWithWal(path.join(temp.path, 'b.db'), { rows: 10, text: 'x' });
  put(temp.path, 'target', ENCRYPTED);
  fs.symlinkSync('target', path.join(temp.path, 'link.db'));
  fs.mkdirSync(path.join(temp.path, 'folder.db'));
  const names = new Set(fs.readdirSync(temp.path));
  for (const name of names) expect(foreignDatabaseFile(path.join(temp.path, name), names)).toBeNull();
});
