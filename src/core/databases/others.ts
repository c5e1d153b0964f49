/*
 * Databases of engines that migbackup cannot read. It recognises them by their content, so that it can tell the user what to stop before their files
 * are copied. They are stored as plain files and are not proven.
 */
import fs from 'node:fs';
import path from 'node:path';
import { openRegular } from '../fs/regular-file.ts';
import { readFully } from './database-files.ts';
import { isSqlitePart, USUAL_NAME } from './sqlite/recognise.ts';

interface Foreign {
  /** As people call it, with its article. */
  readonly title: string;
  /** What to stop before its files are copied or replaced; follows "Stop". */
  readonly stop: string;
  /** Set for a file that is not a database although its name, or a file beside it, says so: what it should be, with an article. */
  readonly shouldBe?: string;
  /** Whether it holds nothing but zeros. */
  readonly isZeroed?: true;
}

/**
 * Sources for who uses which: docs.nethermind.io/fundamentals/database, kafka.apache.org (Streams), go-ethereum 27136 (Pebble by default), erigon and
 * reth (both build libmdbx), monero-project/monero (db_lmdb).
 */
const FOREIGN = {
  rocksdb: {
    title: 'a RocksDB database',
    stop: 'the program that uses it (Nethermind and Kafka Streams have such ones)',
  },
  pebble: { title: 'a Pebble database', stop: 'the program that uses it (geth and CockroachDB have such ones)' },
  lmdb: {
    title: 'an LMDB database',
    stop: 'the program that uses it (monerod and the npm package lmdb have such ones)',
  },
  mdbx: { title: 'an MDBX database', stop: 'the program that uses it (erigon and reth have such ones)' },
  postgresql: {
    title: 'the data folder of PostgreSQL or PGlite',
    stop: 'the PostgreSQL server, or the program that has it open with PGlite',
  },
  redis: { title: 'a dump of Redis', stop: 'the Redis server, or have it save first' },
  duckdb: { title: 'a DuckDB database', stop: 'the program that uses it' },
  'sqlite-2': { title: 'a database of SQLite 2', stop: 'the program that uses it' },
  'sqlite-encrypted': {
    title: 'what looks like an encrypted SQLite database (SQLCipher)',
    stop: 'the program that uses it',
  },
  'sqlite-headless': { title: 'a SQLite database without its header', stop: 'the program that uses it' },
  'sqlite-zeroed': {
    title: 'a file of zeros',
    stop: 'the program that uses it',
    shouldBe: 'a SQLite database',
    isZeroed: true,
  },
  'sqlite-none': { title: 'a file of another kind', stop: 'the program that uses it', shouldBe: 'a SQLite database' },
} as const satisfies Record<string, Foreign>;

export type ForeignEngine = keyof typeof FOREIGN;

export interface ForeignDatabase extends Foreign {
  readonly engine: ForeignEngine;
}

function foreign(engine: ForeignEngine): ForeignDatabase {
  return { engine, ...FOREIGN[engine] };
}

/**
 * The kind of database that a folder holds, if it is of another engine. Null also if its files cannot be read.
 * @param names all names in it
 */
export function foreignDatabase(place: string, names: readonly string[]): ForeignDatabase | null {
  const has = (name: string): boolean => names.includes(name);
  const start = (name: string): Buffer => startOf(path.join(place, name))?.bytes ?? NOTHING;
  if (names.some((name) => name.startsWith('MANIFEST-'))) return logStructured(names, start);
  if (has('data.mdb') && isLmdb(start('data.mdb'))) return foreign('lmdb');
  if (has('mdbx.dat') && isMdbx(start('mdbx.dat'))) return foreign('mdbx');
  if (has('PG_VERSION') && has('base') && has('global')) {
    const isControl = isPostgresControl(start('global/pg_control'));
    return isControl && /^\d+(?:\.\d+)?\n$/.test(start('PG_VERSION').toString('latin1')) ? foreign('postgresql') : null;
  }
  return null;
}

/** RocksDB and Pebble use LevelDB's file names. Each writes its own name into its options file. */
function logStructured(names: readonly string[], start: (name: string) => Buffer): ForeignDatabase | null {
  // Since 2021 Pebble has no CURRENT: the name of a marker file says which manifest is current.
  if (names.some((name) => /^marker\.manifest\.\d+\.MANIFEST-\d+$/.test(name))) return foreign('pebble');
  if (!/^MANIFEST-\d+\n$/.test(names.includes('CURRENT') ? start('CURRENT').toString('latin1') : '')) return null;
  const options = names.filter((name) => /^OPTIONS-\d+$/.test(name)).map((name) => start(name).toString('latin1'));
  if (options.some((text) => /^\s*pebble_version=/m.test(text))) return foreign('pebble');
  if (options.some((text) => /^\s*rocksdb_version=/m.test(text))) return foreign('rocksdb');
  const isIdentity = names.includes('IDENTITY') && /^[0-9a-f-]{32,}\s*$/i.test(start('IDENTITY').toString('latin1'));
  return isIdentity ? foreign('rocksdb') : null;
}

const SQLITE_3 = 'SQLite format 3\0';
const SQLITE_2 = '** This file contains an SQLite 2';

/**
 * The kind of database that a file is, if it is not one of SQLite 3. Its name, or a file beside it, makes it worth a look; its content decides.
 * @param names what else is in its folder
 */
export function foreignDatabaseFile(place: string, names: ReadonlySet<string>): ForeignDatabase | null {
  const name = path.basename(place);
  const beside = ['-wal', '-journal'].filter((suffix) => names.has(name + suffix));
  const isLmdbName = names.has(`${name}-lock`);
  const isMdbxName = names.has(`${name}-lck`);
  const isUsualName = USUAL_NAME.test(name);
  const isSqliteName = beside.length > 0 || isUsualName;
  const isOtherName = /\.(?:rdb|duckdb)$/i.test(name);
  if (!isLmdbName && !isMdbxName && !isSqliteName && !isOtherName) return null;
  const start = startOf(place);
  if (start === null) return null;
  const { bytes, size } = start;
  if (isOtherName && /^REDIS\d{4}/.test(bytes.toString('latin1', 0, 9))) return foreign('redis');
  if (isOtherName && bytes.toString('latin1', 8, 12) === 'DUCK') return foreign('duckdb');
  if (isLmdbName && isLmdb(bytes)) return foreign('lmdb');
  if (isMdbxName && isMdbx(bytes)) return foreign('mdbx');
  if (!isSqliteName || size === 0 || beginsWith(bytes, SQLITE_3)) return null;
  if (beginsWith(bytes, SQLITE_2)) return foreign('sqlite-2');
  // Pages are a power of two from 512 on.
  if (size % 512 === 0 && looksRandom(bytes)) return foreign('sqlite-encrypted');
  const hasJournal = beside.some((suffix) => isSqlitePart(place + suffix, suffix));
  if (!hasJournal && !isUsualName) return null;
  if (isZeros(bytes) && isZeroed(place)) return foreign('sqlite-zeroed');
  return foreign(hasJournal ? 'sqlite-headless' : 'sqlite-none');
}

/** The magic number of LMDB's first page: behind a page header of 12 bytes (32 bits), 16, or 24 (LMDB 1.0), in the byte order of the machine that wrote it. */
function isLmdb(bytes: Buffer): boolean {
  if (bytes.length < 28) return false;
  return [12, 16, 24].some((at) => bytes.readUInt32LE(at) === 0xbeefc0de || bytes.readUInt32BE(at) === 0xbeefc0de);
}

/** MDBX_MAGIC behind a page header of 20 bytes; the lowest byte is the version of the format. */
function isMdbx(bytes: Buffer): boolean {
  return bytes.length >= 28 && bytes.readBigUInt64LE(20) >> 8n === 0x59659d_bdef4c11n;
}

/** `pg_control_version` (1800 for PostgreSQL 18) and `catalog_version_no` (a date), in the byte order of the machine that wrote it. */
function isPostgresControl(bytes: Buffer): boolean {
  if (bytes.length < 16) return false;
  const [version, catalog] =
    bytes.readUInt32LE(8) < 0x1_0000
      ? [bytes.readUInt32LE(8), bytes.readUInt32LE(12)]
      : [bytes.readUInt32BE(8), bytes.readUInt32BE(12)];
  return version >= 700 && version < 10_000 && catalog >= 199_000_000 && catalog < 300_000_000;
}

/** Whether it could be encrypted: 1,024 random bytes have about 251 of the 256 possible values. Text, tables and pages of zeros have far fewer. */
function looksRandom(bytes: Buffer): boolean {
  return bytes.length >= 1024 && new Set(bytes).size >= 235;
}

const NOTHING = Buffer.alloc(0);
const START = 4096;
/** How many places of a big file are looked at, each of `START` bytes. It is never read whole. */
const PLACES = 256;

/** The first bytes of a regular file; null where it cannot be read. */
function startOf(file: string): { readonly bytes: Buffer; readonly size: number } | null {
  return ofRegular(file, (fd) => ({ bytes: readFully(fd, 0, START), size: fs.fstatSync(fd).size }));
}

/** Whether a file holds only zeros. Of a big file, evenly spaced places are looked at. */
function isZeroed(file: string): boolean {
  const isSo = ofRegular(file, (fd) => {
    const { size } = fs.fstatSync(fd);
    const step = Math.max(START, (size - START) / (PLACES - 1));
    for (let at = 0; at < size; at += step) if (!isZeros(readFully(fd, Math.floor(at), START))) return false;
    return isZeros(readFully(fd, Math.max(0, size - START), START));
  });
  return isSo === true;
}

function isZeros(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}

/** What `read` returns for a regular file; null if the file cannot be read. */
function ofRegular<T>(file: string, read: (fd: number) => T): T | null {
  let fd: number;
  try {
    fd = openRegular(file);
  } catch {
    return null;
  }
  try {
    return read(fd);
  } catch {
    return null;
  } finally {
    fs.closeSync(fd);
  }
}

function beginsWith(bytes: Buffer, text: string): boolean {
  return bytes.subarray(0, text.length).toString('latin1') === text;
}
