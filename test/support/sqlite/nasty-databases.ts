import fs from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** Makes a database of one kind at a path; what it leaves beside the file belongs to it. */
export type Make = (file: string) => void;

type Fill = (db: DatabaseSync) => void;

function filled(fill: Fill, before = ''): Make {
  return (file) => {
    const db = new DatabaseSync(file, {
      enableForeignKeyConstraints: false,
      enableDoubleQuotedStringLiterals: true,
      defensive: false,
    });
    try {
      db.exec(before);
      fill(db);
    } finally {
      db.close();
    }
  };
}

const sql = (text: string, before = ''): Make => filled((db) => db.exec(text), before);

/** Runs a statement with values that SQL cannot write. */
function insert(
  db: DatabaseSync,
  statement: string,
  ...values: (string | number | bigint | null | Uint8Array)[]
): void {
  db.prepare(statement).run(...values);
}

const LONG_NAME = 'n'.repeat(10_000);
const WIDE = Array.from({ length: 2000 }, (_, index) => `c${index}`);
const INVALID = Buffer.from('61ff62c328f0808080ed a080'.replace(' ', ''), 'hex');

const TYPES = `
  CREATE TABLE types(id INTEGER PRIMARY KEY, anything, i INT, t TEXT, r REAL, b BLOB, n NUMERIC, d DOUBLE PRECISION, f FLOATING POINT, v VARCHAR(10));
  INSERT INTO types VALUES (1, NULL, 1, 'a', 1, x'00', 1.5, 2, 3, 4), (-5, 9223372036854775807, -9223372036854775808, '', -0.0, x'', 1e300, 9007199254740993, 0.1, NULL),
    (2147483648, 127, -128, 'é 中 😀', 1e308 * 10, zeroblob(3), -32768, 32767, -8388608, '8388607'),
    (3, 2147483647, -2147483649, char(0) || 'after' || char(0), -1e308 * 10, x'ff', 140737488355327, -140737488355329, 4611686018427387904, 1.0),
    (4, 0, 1, 0, 0, 1, '12abc', ' 7 ', '1e3', x'41');
`;

/** Kinds of databases that a reader gets wrong, and what each is called. */
export const NASTY: Readonly<Record<string, Make>> = {
  'no table': filled((db) => db.exec('PRAGMA user_version = 7')),
  'every type': sql(TYPES),
  'every type in UTF-16LE': sql(TYPES, "PRAGMA encoding = 'UTF-16le'"),
  'every type in UTF-16BE': sql(TYPES, "PRAGMA encoding = 'UTF-16be'"),
  'TEXT that is not UTF-8': filled((db) => {
    db.exec('CREATE TABLE t(a TEXT PRIMARY KEY, b); CREATE TABLE w(a PRIMARY KEY, b) WITHOUT ROWID');
    for (const table of ['t', 'w']) {
      insert(db, `INSERT INTO ${table} VALUES (CAST(? AS TEXT), ?)`, INVALID, 1);
      insert(db, `INSERT INTO ${table} VALUES (CAST(? AS TEXT), CAST(? AS TEXT))`, Buffer.from([0xff]), INVALID);
    }
  }),
  'TEXT that is not UTF-16': filled((db) => {
    db.exec('CREATE TABLE t(a)');
    for (const hex of ['00d8', '00dc4100', '00d841000000', '410000d8', '00d800dc4100', '41'])
      insert(db, 'INSERT INTO t VALUES (CAST(? AS TEXT))', Buffer.from(hex, 'hex'));
  }, "PRAGMA encoding = 'UTF-16le'"),
  'hostile names': filled((db) => {
    for (const name of [
      'a"b',
      "it's",
      'new\nline',
      'select',
      '😀',
      ' ',
      '',
      'semi;colon',
      '[x]',
      '-- no',
      'UPPER Case',
      'éÉ',
      '%s%n',
      '__proto__',
    ])
      db.exec(
        `CREATE TABLE "${name.replaceAll('"', '""')}"("${name.replaceAll('"', '""')}x", "from"); INSERT INTO "${name.replaceAll('"', '""')}" VALUES (1, 2)`,
      );
    db.exec(`CREATE TABLE ${LONG_NAME}(a); INSERT INTO ${LONG_NAME} VALUES ('long')`);
    db.exec('CREATE TABLE "rowid"(rowid TEXT, _rowid_, oid); INSERT INTO "rowid" VALUES (5, 6, 7), (1, 2, 3)');
  }),
  'a table whose name is not UTF-8': filled((db) => {
    db.exec(
      "CREATE TABLE aXb(k INTEGER PRIMARY KEY, v); INSERT INTO aXb VALUES (1, 'one'); PRAGMA writable_schema = ON",
    );
    const name = Buffer.from('61ff62', 'hex');
    insert(
      db,
      'UPDATE sqlite_schema SET name = CAST(? AS TEXT), tbl_name = CAST(? AS TEXT), sql = CAST(? AS TEXT)',
      name,
      name,
      Buffer.concat([Buffer.from('CREATE TABLE '), Buffer.from('"'), name, Buffer.from('"(k INTEGER PRIMARY KEY, v)')]),
    );
  }),
  'keys of every kind': sql(`
    CREATE TABLE text_key(k TEXT PRIMARY KEY, v); INSERT INTO text_key VALUES ('b', 1), ('a', 2), (NULL, 3), (NULL, 4), ('', 5), ('a,b', 6), ('7', 7);
    CREATE TABLE blob_key(k BLOB PRIMARY KEY, v); INSERT INTO blob_key VALUES (x'ff00', 1), (x'', 2), ('text', 3), (1, 4), (1.5, 5);
    CREATE TABLE two(a TEXT, b INT, v, PRIMARY KEY (b, a)); INSERT INTO two VALUES ('x', 2, 1), ('y', 1, 2), ('z', NULL, 3);
    CREATE TABLE descending(k INTEGER PRIMARY KEY DESC, v); INSERT INTO descending VALUES (1, 1), (3, 3), (2, 2);
    CREATE TABLE no_key(v); INSERT INTO no_key VALUES (1), (1), (NULL);
    CREATE TABLE w(a TEXT COLLATE NOCASE, b, c REAL, d, PRIMARY KEY (b DESC, a)) WITHOUT ROWID;
    INSERT INTO w VALUES ('A', 1, 1, 'd1'), ('b', 2, 2.5, NULL), ('C', 1, 3, x'01');
    CREATE TABLE w_again(a, b, v, PRIMARY KEY (a, b, a)) WITHOUT ROWID; INSERT INTO w_again VALUES (2, 1, 'v'), (1, 2, 'w');
    CREATE TABLE int_not_alias(k INT PRIMARY KEY, v); INSERT INTO int_not_alias VALUES (5, 'five'), (NULL, 'none');
  `),
  'STRICT tables': sql(`
    CREATE TABLE s(i INT, n INTEGER PRIMARY KEY, r REAL, t TEXT, b BLOB, a ANY) STRICT;
    INSERT INTO s VALUES (1, 2, 3, '4', x'05', 6), (-1, -2, 3.5, '', x'', '6'), (NULL, 9, NULL, NULL, NULL, 6.0);
  `),
  'columns that were added later': filled((db) => {
    db.exec(`
      CREATE TABLE t(a INTEGER PRIMARY KEY, b); INSERT INTO t VALUES (1, 'old'), (2, 'old');
      CREATE TABLE w(a PRIMARY KEY, b) WITHOUT ROWID; INSERT INTO w VALUES (1, 'old');
      CREATE TABLE r(rowid, b); INSERT INTO r VALUES (1, 'old');
      ALTER TABLE t ADD COLUMN c DEFAULT 'é'; ALTER TABLE t ADD COLUMN d REAL DEFAULT 5; ALTER TABLE t ADD COLUMN e; ALTER TABLE t ADD COLUMN f BLOB DEFAULT x'0102';
      ALTER TABLE t ADD COLUMN g INT NOT NULL DEFAULT -9223372036854775808; ALTER TABLE w ADD COLUMN c DEFAULT 'late'; ALTER TABLE r ADD COLUMN c DEFAULT 3;
      INSERT INTO t(a, b) VALUES (3, 'new'); INSERT INTO t VALUES (4, 'new', 1, 2, 3, 4, 5); INSERT INTO w(a) VALUES (2); INSERT INTO r(b) VALUES ('new');
    `);
  }),
  'generated columns': sql(`
    CREATE TABLE g(a INTEGER PRIMARY KEY, b TEXT, c AS (b || a), d AS (upper(b)) STORED, e REAL AS (a * 2) STORED);
    INSERT INTO g(a, b) VALUES (1, 'x'), (2, NULL), (3, 'é');
    CREATE TABLE stored_only(a, b AS (a + 1) STORED, c); INSERT INTO stored_only(a, c) VALUES (1, 'c');
    CREATE TABLE gw(a PRIMARY KEY, b AS (a * 2), c) WITHOUT ROWID; INSERT INTO gw(a, c) VALUES (1, 'c');
  `),
  'long values': sql(`
    CREATE TABLE l(k INTEGER PRIMARY KEY, v, t, tail); CREATE TABLE lw(k PRIMARY KEY, v, tail) WITHOUT ROWID;
    INSERT INTO l VALUES (1, zeroblob(5000), 'a', 7), (2, printf('%.*c', 3000000, 'x'), printf('%.*c', 1200000, 'y'), -1), (3, zeroblob(2000000), NULL, 1.5);
    INSERT INTO lw VALUES (printf('%.*c', 2000, 'k'), printf('%.*c', 1500000, 'v'), 300), ('k', x'', 1);
  `),
  'long values in UTF-16': sql(
    "CREATE TABLE l(k INTEGER PRIMARY KEY, v); INSERT INTO l VALUES (1, printf('%.*c', 900000, 'é')), (2, zeroblob(1100001))",
    "PRAGMA encoding = 'UTF-16be'",
  ),
  '2000 columns': sql(
    `CREATE TABLE wide(${WIDE.join(', ')}); INSERT INTO wide VALUES (${WIDE.map((_, index) => (index % 3 === 0 ? 'NULL' : `'v${index}'`)).join(', ')})`,
  ),
  '2000 columns, one of them generated': sql(
    `CREATE TABLE wide(${WIDE.slice(1).join(', ')}, g AS (c1 || 'g')); INSERT INTO wide(c1, c1999) VALUES ('one', x'00')`,
  ),
  "SQLite's own tables": sql(`
    CREATE TABLE "a b"(k INTEGER PRIMARY KEY AUTOINCREMENT, v); CREATE INDEX i ON "a b"(v); CREATE TABLE "zz"(k INTEGER PRIMARY KEY AUTOINCREMENT);
    INSERT INTO "a b"(v) VALUES (1), (2), (2); INSERT INTO zz VALUES (99); ANALYZE;
  `),
  "tables of SQLite's own that the shell has no query for": sql(`
    CREATE TABLE zz(a); CREATE TABLE stat9(x); INSERT INTO stat9 VALUES (1); INSERT INTO zz VALUES (2);
    PRAGMA writable_schema = ON; UPDATE sqlite_schema SET name = 'sqlite_stat9', tbl_name = 'sqlite_stat9', sql = 'CREATE TABLE sqlite_stat9(x)' WHERE name = 'stat9';
  `),
  'a table that comes before the schema, and has no query': sql(`
    CREATE TABLE aa(a INTEGER PRIMARY KEY); CREATE TABLE bb(b); INSERT INTO aa VALUES (1), (2), (3); INSERT INTO bb VALUES (1);
    PRAGMA writable_schema = ON; UPDATE sqlite_schema SET name = 'sqlite_a', tbl_name = 'sqlite_a', sql = 'CREATE TABLE sqlite_a(b)' WHERE name = 'bb';
  `),
  sqlite_stat4: sql(`
    CREATE TABLE zz(a); INSERT INTO zz VALUES (2); CREATE TABLE stat4(tbl,idx,neq,nlt,ndlt,sample); INSERT INTO stat4 VALUES ('zz','b','1','0','0',x'02'), ('zz','a','1','0','0',x'01');
    CREATE TABLE aa(b); INSERT INTO aa VALUES (3);
    PRAGMA writable_schema = ON; UPDATE sqlite_schema SET name = 'sqlite_stat4', tbl_name = 'sqlite_stat4', sql = 'CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)' WHERE name = 'stat4';
  `),
  'virtual tables and what they keep': sql(`
    CREATE VIRTUAL TABLE words USING fts5(body); INSERT INTO words VALUES ('hello world'), ('hello again');
    CREATE VIRTUAL TABLE box USING rtree(id, x0, x1); INSERT INTO box VALUES (1, 0.5, 1.5);
    CREATE VIRTUAL TABLE old USING fts4(body); INSERT INTO old VALUES ('text');
  `),
  'a virtual table whose module is not there': sql(`
    CREATE TABLE t(a); INSERT INTO t VALUES (1); PRAGMA writable_schema = ON;
    INSERT INTO sqlite_schema VALUES ('table', 'gone', 'gone', 0, 'CREATE VIRTUAL TABLE gone USING nowhere(a, b)');
  `),
  'triggers and views': sql(`
    CREATE TABLE t(a); CREATE TABLE log(what); INSERT INTO t VALUES (1);
    CREATE TRIGGER hit AFTER INSERT ON t BEGIN INSERT INTO log VALUES ('ran'); END;
    CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT * FROM n;
    CREATE VIEW broken AS SELECT * FROM nowhere; CREATE TEMP TABLE unseen(a);
  `),
  'text in double quotes, checks and indexes': sql(
    `CREATE TABLE q(a TEXT DEFAULT "dq" CHECK (a <> "no"), b); INSERT INTO q(b) VALUES (1); CREATE INDEX qi ON q(lower(a)) WHERE b > 0;
     CREATE UNIQUE INDEX qu ON q(b, a COLLATE NOCASE)`,
    '',
  ),
  'small pages with reserved bytes': (file) => {
    sql('PRAGMA user_version = 1', 'PRAGMA page_size = 512')(file);
    const bytes = fs.readFileSync(file);
    bytes[20] = 32;
    // Where the content of the first page begins.
    bytes.writeUInt16BE(480, 105);
    fs.writeFileSync(file, bytes);
    sql(
      'CREATE TABLE t(a, b); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO t SELECT i, i || hex(zeroblob(i % 700)) FROM n; CREATE INDEX ti ON t(b)',
    )(file);
  },
  'large pages, vacuumed by themselves': sql(
    'CREATE TABLE t(a, b); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) INSERT INTO t SELECT i, zeroblob(i * 7) FROM n; DELETE FROM t WHERE a % 3 = 0',
    'PRAGMA page_size = 65536; PRAGMA auto_vacuum = INCREMENTAL',
  ),
  'a WAL that is not in the file yet': (file) => {
    const db = new DatabaseSync(`${file}-source`);
    db.exec(
      "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t(a); INSERT INTO t VALUES ('in the log')",
    );
    for (const part of ['', '-wal']) fs.copyFileSync(`${file}-source${part}`, `${file}${part}`);
    db.close();
    for (const part of ['', '-wal', '-shm']) fs.rmSync(`${file}-source${part}`, { force: true });
  },
  'a hot journal': (file) => {
    const db = new DatabaseSync(`${file}-source`);
    db.exec(
      'CREATE TABLE t(a, b); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) INSERT INTO t SELECT i, zeroblob(500) FROM n',
    );
    db.exec("PRAGMA cache_size = 1; BEGIN; UPDATE t SET b = 'half done'; DELETE FROM t WHERE a > 400");
    for (const part of ['', '-journal']) fs.copyFileSync(`${file}-source${part}`, `${file}${part}`);
    db.exec('ROLLBACK');
    db.close();
    for (const part of ['', '-journal']) fs.rmSync(`${file}-source${part}`, { force: true });
  },
};
