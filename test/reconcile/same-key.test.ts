import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { notFound, OldState, type Records } from '../support/old-state.ts';

const made = (at: number) => ({
  name: `name ${at}`,
  balance: 1000 + at,
  wallet: `0xABCDEF${String(at).padStart(34, '0')}`,
  tags: ['a', { b: at }],
});
const NUMBERS = Array.from({ length: 12 }, (_, at) => at);
const RECORDS: Records = Object.fromEntries(NUMBERS.map((at) => [`user:${at}`, made(at)]));
const one = made(1);

test('the same values under the same keys are found, each leaf with its place, also in other forms', async () => {
  using old = await OldState.of(RECORDS);
  old.putLevel('leveldb', {
    ...RECORDS,
    'user:1': {
      wallet: one.wallet.toLowerCase(),
      balance: '1001',
      name: 'name 1',
      tags: ['a', { b: 1 }],
      more: 1,
    },
    'user:99': { name: 'added' },
  });
  const report = await old.reconcile();
  expect(report).toMatchObject({
    old: { database: 'leveldb', entries: 12, digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
    new: { files: ['leveldb'] },
    counts: { found: 12 },
    notAccountedFor: 0,
    sameKey: { leveldb: 12 },
    moreRecords: 0,
    findings: [],
  });
  expect(report.records.find(({ key }) => key === 'user:3')?.values).toContainEqual({
    path: '/tags/1/b',
    status: 'found',
    was: 3,
    at: [{ file: 'leveldb', pointer: '/user:3/tags/1/b' }],
  });
});

test('each change is named, with both values, and nobody else is', async () => {
  using old = await OldState.of(RECORDS);
  old.putLevel('leveldb', {
    ...RECORDS,
    'user:1': { ...one, balance: 7 },
    'user:2': { ...one },
    'user:4': { ...made(4), tags: ['a'] },
  });
  const report = await old.reconcile();
  expect(notFound(report)).toEqual({ 'user:1': 'changed', 'user:2': 'changed', 'user:4': 'partly' });
  const values = (key: string) => report.records.find((record) => record.key === key)?.values;
  expect(values('user:1')?.filter(({ status }) => status !== 'found')).toEqual([
    { path: '/balance', status: 'changed', was: 1001, now: 7, at: [{ file: 'leveldb', pointer: '/user:1/balance' }] },
  ]);
  expect(values('user:4')?.filter(({ status }) => status !== 'found')).toMatchObject([
    { path: '/tags/1/b', status: 'missing', was: 4 },
  ]);
});

test('a record that is gone from the database is missing', async () => {
  using old = await OldState.of(RECORDS);
  const { 'user:5': _, ...rest } = RECORDS;
  old.putLevel('leveldb', rest);
  expect(notFound(await old.reconcile())).toEqual({ 'user:5': 'missing' });
});

test('a field that has another name in all records is found under it', async () => {
  using old = await OldState.of(RECORDS);
  const renamed = NUMBERS.map((at) => {
    const { wallet, ...rest } = made(at);
    return [`user:${at}`, { ...rest, account: wallet }] as const;
  });
  old.putLevel('leveldb', Object.fromEntries(renamed));
  const report = await old.reconcile();
  expect(notFound(report)).toEqual({});
  expect(report.places['wallet']).toEqual([expect.stringContaining('account')]);
});

test('a number that a double would round is compared by its digits', async () => {
  using old = await OldState.of({ big: Buffer.from('{"wei": 12345678901234567890, "e": 1e21, "f": 0.10}') });
  old.putLevel('leveldb', { big: Buffer.from('{"f": 0.1, "wei": 12345678901234567891, "e": 1000000000000000000000}') });
  const report = await old.reconcile();
  expect(report.records[0]?.values).toMatchObject([
    { path: '/wei', status: 'changed', was: '12345678901234567890', now: '12345678901234567891' },
    { path: '/e', status: 'found' },
    { path: '/f', status: 'found' },
  ]);
});

test('bytes that are no text, texts that are no JSON, and odd keys', async () => {
  const odd = {
    'a/b~c': Buffer.from([0, 255, 1]),
    'line\n': Buffer.from('plain text'),
    deep: Buffer.from(`${'['.repeat(5000)}${']'.repeat(5000)}`),
  };
  using old = await OldState.of(odd);
  old.putLevel('leveldb', { ...odd, 'a/b~c': Buffer.from([0, 255, 2]) });
  const report = await old.reconcile();
  expect(notFound(report)).toEqual({ 'a/b~c': 'changed' });
  expect(report.records.find(({ key }) => key === 'a/b~c')?.values).toEqual([
    {
      path: '',
      status: 'changed',
      was: 'base64:AP8B',
      now: 'base64:AP8C',
      at: [{ file: 'leveldb', pointer: '/a~1b~0c' }],
    },
  ]);
});

test('another database takes part only if it has half of the keys', async () => {
  using old = await OldState.of(RECORDS);
  old.putLevel('other', { 'user:1': { name: 'somebody else' }, 'user:2': { name: 'and one more' } });
  old.putLevel('next', { ...RECORDS, 'user:3': { ...made(3), balance: 5 } });
  const report = await old.reconcile();
  expect(report.sameKey).toEqual({ next: 12 });
  expect(notFound(report)).toEqual({ 'user:3': 'changed' });
});

test('a new database with the same keys for another purpose takes no part, and blames nobody', async () => {
  using old = await OldState.of(RECORDS);
  old.put('users/all.json', { users: RECORDS });
  // A small number that both have says nothing.
  const sessions = NUMBERS.map((at) => [
    `user:${at}`,
    { token: `session ${at}${'x'.repeat(20)}`, balance: at, tags: [] },
  ]);
  old.putLevel('sessions', Object.fromEntries(sessions));
  const report = await old.reconcile();
  expect([notFound(report), report.sameKey, report.notAccountedFor]).toEqual([{}, {}, 0]);
  // Where most have changed, and yet are the same users, it is that database.
  const wallets = NUMBERS.map((at) => [`user:${at}`, { name: 'x', wallet: made(at).wallet }]);
  old.putLevel('moved', Object.fromEntries(wallets));
  expect((await old.reconcile({ in: ['moved', 'sessions'] })).sameKey).toEqual({ moved: 12 });
});

test('rows of a SQLite database by their keys', async () => {
  const file = 'data/app.db';
  using old = await OldState.of({ any: 1 });
  const sql = (text: string): void => {
    const database = new DatabaseSync(old.inside(file));
    database.exec(text);
    database.close();
  };
  old.put('migbackup.config.json', { preset: 'default', categories: { app: { sources: { data: { path: 'data' } } } } });
  old.put('data/a.txt', '');
  sql(
    "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b BLOB); INSERT INTO t VALUES (1,'x',x'00'),(2,'y',NULL),(3,'z',NULL)",
  );
  await old.backUp();
  sql("ALTER TABLE t ADD COLUMN c; UPDATE t SET a = 'other' WHERE id = 2; DELETE FROM t WHERE id = 3");
  const report = await old.reconcile({ name: file });
  expect(report.sameKey).toEqual({ [file]: 2 });
  expect(notFound(report)).toEqual({ 't/2': 'changed', 't/3': 'missing' });
});
