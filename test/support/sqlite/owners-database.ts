import { DatabaseSync } from 'node:sqlite';

/** Tables that need what only the application that made them brings along: a collation `unicase` and a function `owners`. */
const TABLES = `
  CREATE TABLE ck(a TEXT PRIMARY KEY COLLATE NOCASE, b); INSERT INTO ck VALUES ('x', 1), ('A', 2);
  CREATE TABLE wk(a TEXT PRIMARY KEY COLLATE NOCASE, b) WITHOUT ROWID; INSERT INTO wk VALUES ('x', 1), ('A', 2);
  CREATE TABLE col(a TEXT COLLATE NOCASE, b); INSERT INTO col VALUES ('x', 1);
  CREATE TABLE ix(a TEXT COLLATE NOCASE); CREATE INDEX ii ON ix(a); INSERT INTO ix VALUES ('q');
  CREATE TABLE fx(a); CREATE INDEX fi ON fx(owners(a)); INSERT INTO fx VALUES (1);
  CREATE TABLE px(a); CREATE INDEX pi ON px(a) WHERE owners(a) > 0; INSERT INTO px VALUES (1);
  CREATE TABLE chk(a CHECK (owners(a) > 0)); INSERT INTO chk VALUES (1);
  CREATE TABLE gs(a TEXT PRIMARY KEY, b AS (owners(a)) STORED); INSERT INTO gs(a) VALUES (1);
  CREATE TABLE plain(a PRIMARY KEY, b); INSERT INTO plain VALUES (1, 2);
`;

/** A sound database whose collation and function no other program has. */
export function makeOwners(file: string, more = ''): void {
  const db = new DatabaseSync(file, { defensive: false });
  db.function('owners', { deterministic: true }, (value) => value);
  db.exec(`${TABLES} ${more}; PRAGMA writable_schema = ON;
    UPDATE sqlite_schema SET sql = replace(sql, 'COLLATE NOCASE', 'COLLATE unicase')`);
  db.close();
}
