import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Db, makeDbProject, ODD_KEYS } from '../support/db-project.ts';
import { runCli } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

const folder = tempFolder();
const root = path.join(folder.path, 'project');
const db = new Db(root);
const key = (at: number): string => `deployment:${String(at).padStart(6, '0')}`;

beforeAll(async () => {
  await makeDbProject(root, 1200);
  expect((await runCli(['create'], { cwd: root })).exitCode).toBe(0);
});
afterAll(() => folder[Symbol.dispose]());

describe('keys', () => {
  test('are lines, all of them; in JSON the first thousand', async () => {
    const all = Array.from({ length: 1200 }, (_, at) => key(at));
    for (const name of ['leveldb', 'latest:leveldb'])
      expect(await db.text('ls', name)).toMatchObject({ stdout: `${all.join('\n')}\n`, stderr: '', exitCode: 0 });
    const listed = await db.json(['ls', 'leveldb']);
    expect(listed).toMatchObject({ tables: null, table: null, prefix: null, more: true, engine: 'leveldb' });
    expect(listed['records']).toHaveLength(1000);
    expect(listed['records']).toContainEqual({ key: key(999), bytes: 56 });
    expect(await db.json(['ls', 'leveldb', '--limit', '1200'])).toMatchObject({ more: false });
  });

  test('--prefix and --limit choose some', async () => {
    const { stdout } = await db.text('ls', 'leveldb', '--prefix', 'deployment:00011', '--limit', '2');
    expect(stdout).toBe(`${key(110)}\n${key(111)}\n`);
    expect(await db.json(['ls', 'leveldb', '--prefix', key(1199)])).toMatchObject({
      prefix: key(1199),
      records: [{ key: key(1199), bytes: 56 }],
      more: false,
    });
    expect(await db.text('ls', 'leveldb', '--prefix', 'none')).toMatchObject({ stdout: '', stderr: '', exitCode: 0 });
    expect((await db.text('ls', 'leveldb', '--quiet')).stdout).toBe('');
  });

  test('that are no text are written so that db get takes them', async () => {
    const texts = ODD_KEYS.toSorted(([a], [b]) => Buffer.compare(a, b)).map(([, text]) => text);
    expect((await db.text('ls', '../odd')).stdout).toBe(texts.map((text) => `${text}\n`).join(''));
    expect((await db.json(['ls', '../odd']))['records']).toEqual(texts.map((text) => ({ key: text, bytes: 3 })));
    expect((await db.text('ls', '../odd', '--prefix', String.raw`\x00`)).stdout).toBe(String.raw`\x00\xff` + '\n');
  });

  test('of a database without tables are not asked for by table', async () => {
    expect(await db.json(['ls', 'leveldb', 't'], 2)).toMatchObject({ error: { code: 'USAGE' } });
    expect(await db.json(['ls', 'leveldb', '--limit', '100001'], 2)).toMatchObject({ error: { code: 'USAGE' } });
  });
});

describe('tables', () => {
  test('are listed with their rows', async () => {
    const file = path.join(root, 'data/two.db');
    const sqlite = new DatabaseSync(file);
    sqlite.exec(`CREATE TABLE "a\nb/c" (id INTEGER PRIMARY KEY, v); INSERT INTO "a\nb/c" VALUES (7, 'x'), (8, 'y');
      CREATE TABLE empty (id PRIMARY KEY); CREATE VIEW v AS SELECT 1;`);
    sqlite.close();
    const listed = await db.json(['ls', 'data/two.db']);
    expect(listed).toMatchObject({ engine: 'sqlite', records: null, more: false });
    expect(listed['tables']).toEqual([
      { name: String.raw`a\x0ab/c`, records: 2 },
      { name: 'empty', records: 0 },
    ]);
    const { stdout } = await db.text('ls', 'data/two.db');
    expect(stdout).toBe(String.raw`  a\x0ab/c  2 rows` + '\n  empty     0 rows\n');
    expect((await db.text('ls', 'data/two.db', String.raw`a\x0ab/c`)).stdout).toBe(
      String.raw`a\x0ab\\/c/7` + '\n' + String.raw`a\x0ab\\/c/8` + '\n',
    );
  });

  test.each(['data/app.db', 'latest:data/app.db'])('keys of one of %s', async (name) => {
    expect(await db.text('ls', name)).toMatchObject({ stdout: '  t  30 rows\n', stderr: '' });
    expect((await db.text('ls', name, 't', '--limit', '2')).stdout).toBe('t/1\nt/2\n');
    expect((await db.text('ls', name, 't', '--prefix', '3')).stdout).toBe('t/3\nt/30\n');
    expect((await db.text('ls', name, '--prefix', 't/30')).stdout).toBe('t/30\n');
    expect(await db.json(['ls', name, 't', '--limit', '1'])).toMatchObject({
      table: 't',
      tables: null,
      records: [{ key: 't/1' }],
      more: true,
    });
  });

  test('an unknown one names those that there are', async () => {
    expect(await db.json(['ls', 'data/app.db', 'users'], 10)).toMatchObject({
      error: { code: 'NO_SUCH_RECORD', hint: 'Its tables are: t.', details: { tables: ['t'] } },
    });
  });
});

test('--latest looks into the newest complete backup, as latest:DATABASE does', async () => {
  for (const args of [['ls'], ['digest'], ['get', key(7)], ['diff', 'leveldb']]) {
    const [command = '', ...rest] = args;
    const named = await db.text(command, 'latest:leveldb', ...rest);
    const flagged = await db.text(command, '--latest', 'leveldb', ...rest);
    const timeless = ({ stdout }: typeof named): string => stdout.replace(/[\d.]+ s$/m, '');
    expect([named.exitCode, flagged.exitCode], command).toEqual([0, 0]);
    expect(timeless(flagged), command).toBe(timeless(named));
  }
  expect(await db.json(['digest', '--latest', 'data/app.db'])).toMatchObject({ backupId: expect.any(String) });
  expect(await db.json(['ls', '--latest', 'nosuch'], 10)).toMatchObject({ error: { code: 'NO_SUCH_DATABASE' } });
});
