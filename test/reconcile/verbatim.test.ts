import { chmodSync, rmSync, symlinkSync, truncateSync, utimesSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Verbatim } from '../../src/core/reconcile/verbatim.ts';
import { isRoot } from '../support/other-user.ts';
import { notFound, OldState } from '../support/old-state.ts';

const record = (chain: number, name: string) => ({
  name,
  chain,
  address: `0x${Buffer.from(`${chain}${name}`).toString('hex').padEnd(40, '0')}`,
  args: [name.length, { owner: `owner of ${name} on ${chain}` }],
});
const NAMES = ['Token', 'Oracle', 'Bridge', 'Vault', 'Router', 'Minter'];
const RECORDS = Object.fromEntries(
  [56, 97].flatMap((chain) => NAMES.map((name) => [`${chain}-${name}`, record(chain, name)])),
);
const VALUES = Object.values(RECORDS);
const reversed = (value: object) => Object.fromEntries(Object.entries(value).toReversed());

test('a record is found as a line, a file, an entry, in a list and in an object, whatever the order of its keys', async () => {
  using old = await OldState.of(RECORDS);
  old.putLines('data/some.jsonl', VALUES.slice(0, 3).map(reversed));
  old.put('data/one.json', VALUES[3]);
  old.put('data/list.json', { all: VALUES.slice(4, 7) });
  old.put('data/object.json', { deployed: { a: VALUES[7], b: { c: VALUES[8] } } });
  old.putLevel('next', { x: VALUES[9], y: VALUES[10], z: VALUES[11] });
  const report = await old.reconcile();
  expect(notFound(report)).toEqual({});
  expect(report.new.files).toEqual(['data/list.json', 'data/object.json', 'data/one.json', 'data/some.jsonl', 'next']);
  const places = report.records.map(({ values }) => values[0]?.at[0]).map((at) => `${at?.file}${at?.pointer}`);
  expect(places.toSorted()).toEqual([
    'data/list.json/all/0/name',
    'data/list.json/all/1/name',
    'data/list.json/all/2/name',
    'data/object.json/deployed/a/name',
    'data/object.json/deployed/b/c/name',
    'data/one.json/name',
    'data/some.jsonl/0/name',
    'data/some.jsonl/1/name',
    'data/some.jsonl/2/name',
    'next/x/name',
    'next/y/name',
    'next/z/name',
  ]);
});

test('each place counts once', async () => {
  using old = await OldState.of({ ...RECORDS, again: VALUES[0] });
  old.putLines('data/all.jsonl', VALUES);
  const report = await old.reconcile();
  expect(report.counts.found).toBeLessThan(13);
  expect(report.notAccountedFor).toBeGreaterThan(0);
  expect(Object.keys(notFound(report)).every((key) => ['again', '56-Token'].includes(key))).toBe(true);
  old.putLines('data/all.jsonl', [...VALUES, VALUES[0]]);
  expect(notFound(await old.reconcile())).toEqual({ again: 'by-value', '56-Token': 'by-value' });
});

test('a record in the file of another one is not found there', async () => {
  using old = await OldState.of(RECORDS);
  for (const [key, value] of Object.entries(RECORDS)) old.put(`deployments/${key.replace('-', '/')}.json`, value);
  expect(notFound(await old.reconcile())).toEqual({});
  old.put('deployments/56/Token.json', RECORDS['97-Token']);
  old.put('deployments/97/Token.json', RECORDS['56-Token']);
  const swapped = await old.reconcile();
  expect(notFound(swapped)).toEqual({ '56-Token': 'partly', '97-Token': 'partly' });
});

test('of thousands of values each is counted by itself', () => {
  const verbatim = new Verbatim(0);
  const valueOf = (at: number) => ({ id: `id ${at % 4700}`, nested: { list: [at % 4700, 'é"\\'] } });
  for (let at = 0; at < 5000; at++) verbatim.take(at, Buffer.from(`k${at}`), Buffer.from(JSON.stringify(valueOf(at))));
  const lines = Array.from({ length: 5000 }, (_, at) => at).filter((at) => at % 7 !== 0);
  verbatim.look(lines.map((at) => ({ file: 'a', pointer: `/${at}`, value: valueOf(at), bytes: 0, isLine: true })));
  const places = new Map<number, number>();
  for (const at of lines) places.set(at % 4700, (places.get(at % 4700) ?? 0) + 1);
  const wrong = Array.from({ length: 5000 }, (_, at) => at).filter((at) => {
    const records = at % 4700 < 300 ? 2 : 1;
    return (verbatim.standingOf(at) === 'by-value') !== (places.get(at % 4700) ?? 0) >= records;
  });
  expect(wrong).toEqual([]);
});

test("of more records than are told apart, one of a shared value is not said to stand in another one's place", () => {
  const verbatim = new Verbatim(2);
  const value = { text: 'telling' };
  const keys = ['alpha', 'beta', 'gamma'];
  for (const [at, key] of keys.entries()) verbatim.take(at, Buffer.from(key), Buffer.from(JSON.stringify(value)));
  verbatim.look(keys.map((key) => ({ file: `${key}.json`, pointer: '', value, bytes: 0, isLine: false })));
  expect(keys.map((_, at) => verbatim.standingOf(at))).toEqual(['found', 'found', 'by-value']);
});

test('what stands everywhere by coincidence is not found by it, unless it is a whole document', () => {
  const values = [1, true, {}, 'x', { n: 0 }, { text: 'telling' }];
  const verbatim = new Verbatim(10);
  for (const [at, value] of values.entries())
    verbatim.take(at, Buffer.from(`k${at}`), Buffer.from(JSON.stringify(value)));
  verbatim.look([{ file: 'a.json', pointer: '', value: { all: values }, bytes: 0, isLine: false }]);
  expect(values.map((_, at) => verbatim.standingOf(at) !== 'absent')).toEqual([
    false,
    false,
    false,
    false,
    false,
    true,
  ]);
  verbatim.look(values.map((value, at) => ({ file: 'b.jsonl', pointer: `/${at}`, value, bytes: 0, isLine: true })));
  expect(values.map((_, at) => verbatim.standingOf(at) !== 'absent')).toEqual([true, true, true, true, true, true]);
});

test('what was there unchanged is no part of the new state, unless --in names it', async () => {
  using old = await OldState.of(RECORDS, { 'deployments/old.json': JSON.stringify(VALUES) });
  const report = await old.reconcile();
  expect(report).toMatchObject({ new: { files: [] }, counts: { missing: 12 }, notAccountedFor: 12 });
  expect(report.findings).toMatchObject([{ code: 'database-unchanged', severity: 'info', path: 'leveldb' }]);
  expect(await old.reconcile({ in: ['deployments/*.json'] })).toMatchObject({ notAccountedFor: 0 });
  expect(await old.reconcile({ in: ['./deployments/'] })).toMatchObject({ notAccountedFor: 0 });
  expect(await old.reconcile({ in: ['leveldb'] })).toMatchObject({ notAccountedFor: 0, sameKey: { leveldb: 12 } });
  expect(await old.reconcile({ in: ['nothing/**'] })).toMatchObject({ new: { files: [] }, notAccountedFor: 12 });
});

test('beside the sources a file counts if it was written since; dependencies and build output do not', async () => {
  using old = await OldState.of(RECORDS, { 'elsewhere/before.json': JSON.stringify(VALUES) });
  const past = new Date(Date.now() - 3_600_000);
  utimesSync(old.inside('elsewhere/before.json'), past, past);
  for (const folder of ['node_modules/x', 'artifacts', '.git']) old.putLines(`${folder}/all.jsonl`, VALUES);
  expect((await old.reconcile()).new.files.filter((file) => !file.startsWith('elsewhere/'))).toEqual([]);
  expect(await old.reconcile({ in: ['artifacts/**'] })).toMatchObject({ notAccountedFor: 0 });
  old.putLines('elsewhere/since.ndjson', VALUES);
  expect(await old.reconcile()).toMatchObject({ notAccountedFor: 0 });
});

test('the config, which may have comments and may stand elsewhere, is no part of the new state', async () => {
  using old = await OldState.of(RECORDS, { 'migbackup.config.json': '{"preset": "default"}' });
  old.putLines('data/all.jsonl', VALUES.slice(1));
  for (const file of ['migbackup.config.json', 'packages/a/migbackup.config.json'])
    old.put(file, '// ours\n{"preset": "default"}\n');
  const report = await old.reconcile();
  expect(report).toMatchObject({ unread: [], counts: { found: 11, missing: 1, unsearched: 0 } });
  expect(report.new.files).toEqual(['data/all.jsonl']);
});

test('what cannot be read is named, and what may be there is unsearched', async () => {
  using old = await OldState.of(RECORDS);
  old.putLines('data/some.jsonl', VALUES.slice(0, 6));
  old.put('data/torn.jsonl', `${JSON.stringify(VALUES[6])}\n${JSON.stringify(VALUES[7]).slice(0, 20)}`);
  old.put('data/broken.json', '{"a": ');
  // It holds nothing: it may be the report itself, which is being written.
  old.put('data/empty.json', '');
  old.put('data/huge.json', '');
  truncateSync(old.inside('data/huge.json'), 257 * 1024 * 1024);
  old.putLevel('next', { x: 1 });
  truncateSync(old.inside('next/000005.ldb'), 20);
  const report = await old.reconcile();
  expect(report.unread).toMatchObject([
    { file: 'data/broken.json', why: 'is not JSON, or nests too deep' },
    { file: 'data/huge.json', why: 'is larger than 256 MiB' },
    { file: 'data/torn.jsonl', why: 'line 2 is not JSON' },
    { file: 'next', why: expect.stringContaining('cannot be read') },
  ]);
  expect(report.counts).toMatchObject({ found: 7, unsearched: 5, missing: 0 });
  expect(report.findings).toMatchObject([
    { code: 'database-unchanged' },
    { code: 'records-not-searched', severity: 'warning' },
  ]);
  for (const file of ['torn.jsonl', 'broken.json', 'empty.json', 'huge.json']) rmSync(old.inside(`data/${file}`));
  rmSync(old.inside('next'), { recursive: true });
  expect(await old.reconcile()).toMatchObject({ unread: [], counts: { found: 6, missing: 6 } });
});

test.skipIf(isRoot)('a folder that may not be looked into (not as root)', async () => {
  using old = await OldState.of(RECORDS);
  old.put('data/x.json', '{}');
  chmodSync(old.inside('data'), 0);
  try {
    expect((await old.reconcile()).unread).toMatchObject([{ file: 'data', why: 'cannot be looked into (EACCES)' }]);
  } finally {
    chmodSync(old.inside('data'), 0o700);
  }
});

test('a link is not followed, and is named if it was asked for or made since', async () => {
  using old = await OldState.of(RECORDS);
  old.putLines('data/all.jsonl', VALUES);
  symlinkSync('all.jsonl', old.inside('data/link.jsonl'));
  const report = await old.reconcile({ in: ['data/link.jsonl'] });
  const unread = [{ file: 'data/link.jsonl', why: 'is a link, and links are not followed' }];
  expect(report.unread).toEqual(unread);
  expect((await old.reconcile()).unread).toEqual(unread);
});

test('values with secret names are hashed, long ones are cut, and the others are whole', async () => {
  const sha = /^sha256:[0-9a-f]{64}$/;
  using old = await OldState.of({
    a: { privateKey: 'k1', nested: { mnemonic: ['one', 'two'] }, apiKey: 5, key: 'id', monkey: 'ape', token: '0xabc' },
    db_password: 'p',
    long: { text: 'x'.repeat(5000) },
  });
  old.putLevel('leveldb', {
    a: { privateKey: 'k2', nested: { mnemonic: ['one', 'two'] }, apiKey: 6, key: 'id', monkey: 'ape', token: '0xabc' },
    db_password: 'q',
    long: { text: 'x'.repeat(5000) },
  });
  const values = Object.fromEntries(
    (await old.reconcile()).records.flatMap(({ key, values: all }) => all.map((value) => [key + value.path, value])),
  );
  expect(values['a/privateKey']).toMatchObject({ was: expect.stringMatching(sha), now: expect.stringMatching(sha) });
  expect(values['a/nested/mnemonic/0']?.was).toMatch(sha);
  expect(values['a/apiKey']?.was).toMatch(sha);
  expect(values['db_password']).toMatchObject({ was: expect.stringMatching(sha), now: expect.stringMatching(sha) });
  expect([values['a/key']?.was, values['a/monkey']?.was, values['a/token']?.was]).toEqual(['id', 'ape', '0xabc']);
  expect(values['long/text']?.was).toBe(`${'x'.repeat(1000)}…`);
});
