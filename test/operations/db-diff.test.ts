import { createHash } from 'node:crypto';
import { appendFileSync, cpSync, existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ClassicLevel } from 'classic-level';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { changedLeaves } from '../../src/core/records/changed-leaves.ts';
import { Db, makeDbProject, makeLevel } from '../support/db-project.ts';
import { runCli } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

const folder = tempFolder();
const root = path.join(folder.path, 'project');
const db = new Db(root);
const key = (at: number): string => `deployment:${String(at).padStart(6, '0')}`;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

beforeAll(async () => {
  await makeDbProject(root);
  expect((await runCli(['create'], { cwd: root })).exitCode).toBe(0);
});
afterAll(() => folder[Symbol.dispose]());

/** Changes the database after the backup. */
async function changeLevel(): Promise<void> {
  const level = new ClassicLevel(path.join(root, 'leveldb'));
  await level.open();
  await level.del(key(3));
  await level.put(key(50), JSON.stringify({ address: '0x1', block: 5 }));
  await level.put(`${key(50)}\u0000`, 'no JSON');
  await level.put('zz', 'new');
  await level.close();
}

describe('two states of a database without tables', () => {
  beforeAll(changeLevel);

  test('the same are the same', async () => {
    expect(await db.json(['diff', 'latest:leveldb', 'latest:leveldb', '--exit-code'])).toMatchObject({
      same: true,
      counts: { added: 0, removed: 0, changed: 0, same: 200 },
      changes: [],
    });
    expect((await db.text('diff', 'leveldb', 'leveldb')).stdout).toContain('same  201 records, nothing differs');
  });

  test('differences come in the order of the keys, with the leaves of JSON', async () => {
    const report = await db.json(['diff', 'latest:leveldb', 'leveldb', '--exit-code'], 4);
    expect(report).toMatchObject({
      engine: 'leveldb',
      before: { database: 'leveldb', backupId: expect.any(String), records: 200 },
      after: { database: path.join(root, 'leveldb'), backupId: null, records: 201 },
      same: false,
      counts: { added: 2, removed: 1, changed: 1, same: 198 },
      moreChanges: 0,
    });
    expect(report['changes']).toMatchObject([
      { key: key(3), change: 'removed', bytesBefore: 56, bytesAfter: null, sha256After: null, leaves: null },
      {
        key: key(50),
        change: 'changed',
        leaves: [
          { pointer: '/address', before: expect.stringMatching(/^"0x/), after: '"0x1"' },
          { pointer: '/block', before: null, after: '5' },
        ],
        moreLeaves: 0,
      },
      { key: `${key(50)}\\x00`, change: 'added', bytesAfter: 7, sha256After: sha256('no JSON') },
      { key: 'zz', change: 'added' },
    ]);
  });

  test('in text, and without --exit-code the exit is 0', async () => {
    const { stdout, stderr, exitCode } = await db.text('diff', 'latest:leveldb', 'leveldb');
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    const lines = stdout.split('\n');
    expect(lines).toContain(`  - ${key(3)}  (56 B)`);
    expect(lines).toContain(`  ~ ${key(50)}`);
    expect(lines).toContain('      /block: nothing -> 5');
    expect(lines).toContain('  2 added, 1 removed, 1 changed, 198 the same');
  });

  test('--limit lists some and counts all, --prefix compares some', async () => {
    const limited = await db.json(['diff', 'latest:leveldb', 'leveldb', '--limit', '1']);
    expect(limited).toMatchObject({ counts: { added: 2, removed: 1, changed: 1 }, moreChanges: 3 });
    expect(limited['changes']).toHaveLength(1);
    expect((await db.text('diff', 'latest:leveldb', 'leveldb', '--limit', '0')).stdout).toContain('and 4 more');
    expect(await db.json(['diff', 'latest:leveldb', 'leveldb', '--prefix', 'z'])).toMatchObject({
      prefix: 'z',
      before: { records: 0 },
      after: { records: 1 },
      counts: { added: 1, removed: 0, changed: 0, same: 0 },
    });
  });

  test('values that are no JSON have sizes and hashes', async () => {
    const [a, b] = [path.join(folder.path, 'a'), path.join(folder.path, 'b')];
    await makeLevel(a, [[Buffer.from('k'), Buffer.from([1, 2])]]);
    await makeLevel(b, [[Buffer.from('k'), Buffer.from([1, 3, 4])]]);
    const { changes } = await db.json(['diff', a, b]);
    const leaves = { leaves: null, moreLeaves: 0 };
    expect(changes).toMatchObject([{ change: 'changed', bytesBefore: 2, bytesAfter: 3, ...leaves }]);
    expect((await db.text('diff', a, b)).stdout).toMatch(/ {2}~ k {2}\(2 B [0-9a-f]{12} -> 3 B [0-9a-f]{12}\)/);
  });
});

describe('two states of a database with tables', () => {
  test('rows are compared by their keys', async () => {
    const [old, now] = [path.join(root, 'data/app.db'), path.join(folder.path, 'now.db')];
    for (const part of ['', '-wal']) if (existsSync(old + part)) cpSync(old + part, now + part);
    const sqlite = new DatabaseSync(now);
    sqlite.exec(
      "DELETE FROM t WHERE id = 5; UPDATE t SET v = 'new' WHERE id = 10; INSERT INTO t VALUES (-1, 'x', NULL)",
    );
    sqlite.close();
    for (const before of ['data/app.db', 'latest:data/app.db']) {
      const report = await db.json(['diff', before, now, '--exit-code'], 4);
      expect(report).toMatchObject({ engine: 'sqlite', counts: { added: 1, removed: 1, changed: 1, same: 28 } });
      expect(report['changes']).toMatchObject([
        { key: 't/-1', change: 'added' },
        { key: 't/5', change: 'removed' },
        { key: 't/10', change: 'changed', leaves: [{ pointer: '/v', before: '"old"', after: '"new"' }] },
      ]);
    }
    rmSync(now);
  });
});

test('databases of two engines are not compared', async () => {
  const { error } = await db.json(['diff', 'leveldb', 'data/app.db'], 2);
  expect(error).toMatchObject({
    code: 'USAGE',
    message: expect.stringMatching(/leveldb is a LevelDB database, and .*app\.db is a SQLite database/),
  });
});

test('a damaged side is an error, and nothing is said to be the same', async () => {
  const bad = path.join(folder.path, 'bad');
  cpSync(path.join(root, 'leveldb'), bad, { recursive: true });
  appendFileSync(path.join(bad, 'CURRENT'), 'x');
  expect(await db.json(['diff', 'leveldb', bad], 5)).toMatchObject({ error: { code: 'DATABASE_DAMAGED' } });
});

describe('leaves of JSON', () => {
  const leaves = (before: string, after: string): unknown =>
    changedLeaves(Buffer.from(before), Buffer.from(after))?.listed.map(
      ({ pointer, before: was, after: is }) => [pointer, was, is] as const,
    ) ?? null;

  test.each([
    ['1', '2', [['', '1', '2']]],
    ['12345678901234567890', '12345678901234567891', [['', '12345678901234567890', '12345678901234567891']]],
    [
      '{"a":{"b":[1,2]}}',
      '{"a":{"b":[1,3,4]}}',
      [
        ['/a/b/1', '2', '3'],
        ['/a/b/2', null, '4'],
      ],
    ],
    ['{"a":[]}', '{"a":{}}', [['/a', '[]', '{}']]],
    [
      '{"a/b":1,"c~d":1}',
      '{"a/b":2,"c~d":2}',
      [
        ['/a~1b', '1', '2'],
        ['/c~0d', '1', '2'],
      ],
    ],
    ['{"":1}', '{"":2}', [['/', '1', '2']]],
    ['{"a":"\\u0041","b":1}', '{"b":2,"a":"A"}', [['/b', '1', '2']]],
    [
      '{"a":1}',
      '[1]',
      [
        ['/a', '1', null],
        ['/0', null, '1'],
      ],
    ],
  ])('%s and %s', (before, after, expected) => {
    expect(leaves(before, after)).toEqual(expected);
  });

  test.each([
    ['only spacing differs', '{"a":1}', '{ "a": 1 }'],
    ['one is no JSON', '{"a":1}', '{"a":'],
    ['one nests deeper than anybody reads', '1', '['.repeat(5000) + ']'.repeat(5000)],
  ])('none where %s', (_what, before, after) => {
    expect(leaves(before, after)).toBe(null);
  });

  test('at most twenty, the others are counted; a long one is cut', () => {
    const list = (value: string): Buffer => Buffer.from(JSON.stringify(Array.from({ length: 30 }, () => value)));
    const found = changedLeaves(list('a'.repeat(5000)), list('b'));
    expect(found).toMatchObject({ more: 10 });
    expect(found?.listed).toHaveLength(20);
    expect(found?.listed[0]?.before).toHaveLength(1001);
  });
});
