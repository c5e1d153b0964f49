import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { recordLines } from '../../support/sqlite/record-lines.ts';
import { proveFile } from '../../support/sqlite/prove-file.ts';
import { runCli } from '../../support/run-cli.ts';
import { tempFolder } from '../../support/temp-folder.ts';

/** A project whose only source is a folder `data` with the database `a.db`. */
function project(root: string, make: (db: DatabaseSync) => void): string {
  fs.mkdirSync(path.join(root, 'data'), { recursive: true });
  fs.writeFileSync(path.join(root, 'package.json'), '{"name":"p"}');
  const config = { categories: { app: { sources: { d: { path: 'data' } } } } };
  fs.writeFileSync(path.join(root, 'migbackup.config.json'), JSON.stringify(config));
  const file = path.join(root, 'data/a.db');
  const db = new DatabaseSync(file, { enableForeignKeyConstraints: false, defensive: false });
  make(db);
  db.close();
  return file;
}

async function json(root: string, ...args: string[]): Promise<Record<string, unknown>> {
  const run = await runCli([...args, '--json'], { cwd: root });
  expect(run.exitCode, run.stdout + run.stderr).toBe(0);
  const report: Record<string, unknown> = JSON.parse(run.stdout);
  return report;
}

test('tables that are called as what JavaScript inherits are stored, stated and read', async () => {
  using folder = tempFolder();
  const root = path.join(folder.path, 'p');
  const names = ['__proto__', String.raw`\__proto__`, 'constructor', 'toString', 'hasOwnProperty'];
  const file = project(root, (db) => {
    for (const name of names) db.exec(`CREATE TABLE "${name}"("__proto__"); INSERT INTO "${name}" VALUES ('v')`);
  });
  const { tables } = await proveFile(file);
  const stated = [String.raw`\__proto__`, String.raw`\\__proto__`, ...names.slice(2)];
  expect(new Map(Object.entries(tables))).toEqual(new Map(stated.map((name) => [name, 1])));
  expect(await recordLines(file, '__proto__/')).toEqual(['__proto__/1 {"__proto__":"v"}']);
  await json(root, 'create');
  expect(await json(root, 'verify')).toMatchObject({ status: 'PASSED' });
  expect(await json(root, 'db', 'digest', 'latest:data/a.db')).toMatchObject({ agrees: true });
  expect((await runCli(['db', 'get', 'latest:data/a.db', '__proto__/1'], { cwd: root })).stdout).toBe(
    '{"__proto__":"v"}',
  );
});

test('foreign keys that are not checked are not stated as none', async () => {
  using folder = tempFolder();
  const root = path.join(folder.path, 'p');
  const file = project(root, (db) =>
    db.exec(`CREATE TABLE p(a PRIMARY KEY); CREATE TABLE c(p REFERENCES p(a)); INSERT INTO c VALUES (1);
      CREATE TABLE bad(a CHECK (a < 5)); PRAGMA ignore_check_constraints = ON; INSERT INTO bad VALUES (7)`),
  );
  expect(await proveFile(file)).toMatchObject({ integrity: ['CHECK constraint failed in bad'], foreignKeys: null });
  await json(root, 'create');
  expect(await json(root, 'db', 'digest', 'latest:data/a.db')).toMatchObject({
    agrees: true,
    facts: { foreignKeys: null },
  });
  const other = path.join(folder.path, 'other.db');
  const db = new DatabaseSync(other, { enableForeignKeyConstraints: false });
  db.exec('CREATE TABLE p(a); CREATE TABLE c(p REFERENCES p(a)); INSERT INTO c VALUES (1)');
  db.close();
  expect(await proveFile(other)).toMatchObject({
    integrity: [],
    foreignKeys: null,
    notProven: [expect.stringMatching(/^Foreign keys cannot be checked: foreign key mismatch/)],
  });
});

test('a database that says that only a newer SQLite may write to it is checked, its virtual tables too', async () => {
  using folder = tempFolder();
  const file = project(path.join(folder.path, 'p'), (db) =>
    db.exec("CREATE VIRTUAL TABLE words USING fts5(body); INSERT INTO words VALUES ('x')"),
  );
  const { digest } = await proveFile(file);
  writeAt(file, 18, 3);
  expect(await proveFile(file)).toMatchObject({ integrity: [], notProven: [], digest });
});

test("what migbackup's own readers and SQLite say is not said to be integrity_check's", async () => {
  using folder = tempFolder();
  const root = path.join(folder.path, 'p');
  const rows = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)`;
  const file = project(root, (db) =>
    db.exec(`CREATE TABLE t(a, b); CREATE INDEX ti ON t(b); ${rows} INSERT INTO t SELECT i, 'row ' || i FROM n;
      CREATE TABLE z(a)`),
  );
  const db = new DatabaseSync(file, { defensive: false });
  const at = Number(db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'ti'").get()?.['rootpage']);
  db.exec("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE z(' WHERE name = 'z'");
  db.close();
  writeAt(file, at * 4096, 99);
  const { integrity } = await proveFile(file);
  expect(integrity).toEqual([
    expect.stringMatching(/^SQLite: malformed database schema/),
    expect.stringMatching(/^migbackup: .*page \d+ does not belong to the tree that leads to it/),
  ]);
  const { findings } = await json(root, 'create');
  expect(findings).toContainEqual(
    expect.objectContaining({
      code: 'database-unsound',
      message: expect.stringMatching(/^data\/a\.db: SQLite: malformed database schema.*\(and 1 more\)$/),
    }),
  );
});

function writeAt(file: string, position: number, byte: number): void {
  const fd = fs.openSync(file, 'r+');
  fs.writeSync(fd, Buffer.of(byte), 0, 1, position);
  fs.closeSync(fd);
}
