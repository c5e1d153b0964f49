import fc from 'fast-check';
import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeAll, expect, test } from 'vitest';
import { bufferBytes, type DatabaseFiles } from '../../src/core/databases/database-files.ts';
import { proveSqlite } from '../../src/core/databases/sqlite/proof/proof.ts';
import { sqliteRecords, sqliteTables } from '../../src/core/databases/sqlite/proof/records.ts';
import { manifestDatabaseSchema, type SqliteFacts } from '../../src/core/model/database.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { answersLater, cases, TIMEOUT_MS, watch } from './support/fuzz.ts';
import { damage } from './support/mutate.ts';

const tick = watch();

/** A database at rest, one with a log and one with a hot journal, of small pages, so that damage meets every kind of them. */
let whole: readonly ReadonlyMap<string, Buffer>[];
let truth: readonly SqliteFacts[];

const TABLES = `
  PRAGMA page_size = 512;
  CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c REAL, d BLOB, g AS (b || a)); CREATE INDEX ti ON t(b, c); CREATE TABLE plain(x, y);
  CREATE TABLE w(a, b, c, PRIMARY KEY (b, a)) WITHOUT ROWID; CREATE TABLE k(a TEXT PRIMARY KEY, t REFERENCES t(a));
  CREATE VIRTUAL TABLE words USING fts5(body); CREATE VIEW v AS SELECT * FROM t; CREATE TRIGGER tr AFTER INSERT ON t BEGIN DELETE FROM plain; END;
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150) INSERT INTO plain SELECT i, zeroblob(i * 3) FROM n;
  INSERT INTO w SELECT x, 'w' || x, y FROM plain WHERE x % 3 = 0; INSERT INTO k SELECT 'key ' || x, 1 FROM plain WHERE x % 2 = 0;
  INSERT INTO words VALUES ('some words'), ('some more'); DROP TRIGGER tr; INSERT INTO t(a, b, c, d) SELECT x, 'text ' || x, x / 7.0, y FROM plain WHERE x < 60;
  CREATE TRIGGER tr AFTER INSERT ON t BEGIN DELETE FROM plain; END; ANALYZE; DELETE FROM plain WHERE x > 100;
`;

beforeAll(async () => {
  using folder = tempFolder();
  const file = path.join(folder.path, 'made.db');
  const db = new DatabaseSync(file, { enableForeignKeyConstraints: false });
  db.exec(TABLES);
  const parts = (...names: string[]): Map<string, Buffer> =>
    new Map(names.map((name) => [name, fs.readFileSync(file + name)]));
  const atRest = parts('');
  db.exec("PRAGMA cache_size = 1; BEGIN; UPDATE plain SET y = 'changed'; DELETE FROM w");
  const withJournal = parts('', '-journal');
  db.exec(
    'ROLLBACK; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; DELETE FROM w WHERE a > 50; UPDATE plain SET x = -x',
  );
  const withLog = parts('', '-wal');
  db.close();
  whole = [atRest, withJournal, withLog];
  truth = await Promise.all(
    whole.map((files, index) => proveSqlite(held(files), { scratch: `${folder.path}/${index}` })),
  );
  expect(truth.map(({ integrity, notProven, tables }) => [integrity, notProven, tables['plain'], tables['w']])).toEqual(
    [
      [[], [], 100, 50],
      [[], [], 100, 50],
      [[], [], 100, 16],
    ],
  );
});

function held(files: ReadonlyMap<string, Buffer>): DatabaseFiles {
  return { names: () => [...files.keys()], open: (name) => bufferBytes(files.get(name) ?? Buffer.alloc(0)) };
}

/** Facts that say what is wrong with them, or an error of ours; the same of the records and the tables. */
async function expectAnswers(files: ReadonlyMap<string, Buffer>): Promise<void> {
  using folder = tempFolder();
  const scratch = path.join(folder.path, 'scratch');
  tick();
  const facts = await answersLater(() => proveSqlite(held(files), { scratch }));
  if (facts !== null) {
    const stated = { path: 'made.db', captured: { how: 'read', attempts: 1, live: 'no' }, ...facts };
    expect(manifestDatabaseSchema.parse(stated)).toEqual(stated);
    if (facts.digest === null) expect(facts.integrity.length + facts.notProven.length).toBeGreaterThan(0);
    expect(facts.digest === null).toBe(facts.records === null);
  }
  tick();
  const counted = await answersLater(async () => {
    let rows = 0;
    for await (const batch of sqliteRecords(held(files), { scratch })) rows += batch.length;
    return rows;
  });
  if (facts?.integrity.length === 0 && facts.records !== null && counted !== null) expect(counted).toBe(facts.records);
  await answersLater(() => sqliteTables(held(files), { scratch }));
  expect(fs.readdirSync(folder.path)).toEqual([]);
}

test('a database with any damage is read, or what is wrong is said', { timeout: TIMEOUT_MS }, async () => {
  const hits = fc.array(fc.tuple(fc.nat(), damage), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(fc.nat(), hits, async (which, changes) => {
      const files = new Map(whole[which % whole.length]);
      for (const [part, change] of changes) {
        const name = [...files.keys()][part % files.size] ?? '';
        files.set(name, change(files.get(name) ?? Buffer.alloc(0)));
      }
      await expectAnswers(files);
    }),
    cases(12, 1000),
  );
});

test('a bit that flips is no crash and no endless walk', { timeout: TIMEOUT_MS }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.nat(), fc.nat(7), async (which, place, bit) => {
      const files = new Map(whole[which % whole.length]);
      const bytes = Buffer.from(files.get('') ?? Buffer.alloc(0));
      const at = place % bytes.length;
      bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
      files.set('', bytes);
      await expectAnswers(files);
    }),
    cases(12, 1000),
  );
});
