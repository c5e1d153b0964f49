import { rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { notFound, OldState } from '../support/old-state.ts';

/* The key of a record is not in its value: only the place says whose the value is. */
const KEYS = Array.from({ length: 12 }, (_, at) => `K${at}x`);
const valueOf = (at: number) => ({ owner: `0x${String(at).padStart(40, 'e')}`, limit: 5000 + at, tag: `tag of ${at}` });
const RECORDS = Object.fromEntries(KEYS.map((key, at) => [key, valueOf(at)]));
const statuses = async (old: OldState, glob: string): Promise<string[]> =>
  Object.values(notFound(await old.reconcile({ in: [glob] })));

test.each([0, 1, 2, 4, 6, 11])('files that are named after their records: %d values moved on by one', async (moved) => {
  using old = await OldState.of(RECORDS);
  for (const [at, key] of KEYS.entries()) {
    const from = at <= moved && moved > 0 ? (at + 1) % (moved + 1) : at;
    old.put(`data/account-${key}.json`, valueOf(from));
  }
  expect(await statuses(old, 'data/*.json')).toEqual(
    Array.from({ length: moved === 0 ? 0 : moved + 1 }, () => 'partly'),
  );
});

test.each(['one object', 'another database'])('%s, with each value under the key of the next', async (where) => {
  using old = await OldState.of(RECORDS);
  const rotated = Object.fromEntries(KEYS.map((key, at) => [`new:${key}`, valueOf((at + 1) % 12)]));
  old.put('data/all.json', { accounts: rotated });
  old.putLevel('next', rotated);
  const found = await statuses(old, where === 'one object' ? 'data/*.json' : 'next');
  expect(found).toEqual(KEYS.map(() => 'partly'));
});

test.each([
  ['a list', (keys: readonly string[]) => keys.map((id, at) => ({ id, ...valueOf(at) }))],
  ['a list with the value in a field', (keys: readonly string[]) => keys.map((id, at) => ({ id, data: valueOf(at) }))],
])('%s in which a field has the key', async (_, listed) => {
  using old = await OldState.of(RECORDS);
  old.put('data/list.json', listed(KEYS));
  const own = await old.reconcile({ in: ['data/*.json'] });
  expect(own.notAccountedFor).toBe(0);
  const swapped = KEYS.with(3, KEYS[4] ?? '').with(4, KEYS[3] ?? '');
  old.put('data/list.json', listed(swapped));
  const report = await old.reconcile({ in: ['data/*.json'], strict: true });
  expect(Object.keys(notFound(report))).toEqual(expect.arrayContaining(['K3x', 'K4x']));
});

test('a record that was deleted is not found in a new one of the same value', async () => {
  const roles = {
    'user:alice': { role: 'admin', theme: 'dark mode' },
    'user:bob': { role: 'admin', theme: 'dark mode' },
  };
  using old = await OldState.of({ ...RECORDS, ...roles });
  old.putLevel('leveldb', { ...RECORDS, 'user:alice': roles['user:alice'], 'user:eve': roles['user:bob'] });
  expect(notFound(await old.reconcile())).toEqual({ 'user:bob': 'missing' });
});

test('records of one value are told apart by the places that say their keys', async () => {
  const same = { kind: 'standard account', limit: 1000 };
  using old = await OldState.of({ 'acct-0': same, 'acct-1': same, 'acct-2': same });
  for (const at of [0, 1, 2]) old.put(`data/acct-${at}.json`, same);
  expect(notFound(await old.reconcile({ in: ['data/*'] }))).toEqual({});
  rmSync(old.inside('data/acct-2.json'));
  old.put('data/acct-99.json', same);
  expect(notFound(await old.reconcile({ in: ['data/*'] }))).toEqual({ 'acct-2': 'partly' });
});

test('where nothing says whose a value is, the record is counted apart, and --strict does not take it', async () => {
  using old = await OldState.of(RECORDS);
  old.putLines('data/values.jsonl', Object.values(RECORDS));
  const report = await old.reconcile({ in: ['data/*'] });
  expect(report).toMatchObject({ counts: { 'by-value': 12 }, notAccountedFor: 0 });
  expect(await old.reconcile({ in: ['data/*'], strict: true })).toMatchObject({ notAccountedFor: 12 });
});

test('a value that says the key is tied by it, wherever it stands', async () => {
  using old = await OldState.of(
    Object.fromEntries(KEYS.map((key, at) => [`acc/${key}`, { acc: 'acc', name: key, ...valueOf(at) }])),
  );
  old.putLines(
    'data/values.jsonl',
    KEYS.map((key, at) => ({ ...valueOf(at), name: key, acc: 'acc' })),
  );
  expect(notFound(await old.reconcile({ in: ['data/*'] }))).toEqual({});
});

describe('a record of which one value stands at the place of another one', () => {
  const pairs = ['bsc', 'eth', 'base'].flatMap((network) => ['Token', 'Vault', 'Gate'].map((name) => [network, name]));
  const nested = pairs.map(([network = '', name = ''], at) => ({
    key: `${network}/${name}`,
    network,
    name,
    value: { ...valueOf(at), chain: network.length },
  }));
  const records = Object.fromEntries(nested.map(({ key, value }) => [key, value]));

  test('is partly there', async () => {
    using old = await OldState.of(records);
    const made: Record<string, Record<string, object>> = {};
    for (const { network, name, value } of nested)
      (made[network] ??= {})[name] = { by: value.owner, limit: value.limit, tag: value.tag, chain: value.chain };
    const { owner } = records['eth/Vault'] ?? {};
    // The other value stands in its object, too: a rule with a star reaches both.
    const [bsc, eth] = [made['bsc']?.['Vault'], made['eth']?.['Vault']];
    Object.assign(eth ?? {}, { by: records['bsc/Vault']?.owner });
    Object.assign(bsc ?? {}, { by: owner });
    old.put('data/all.json', made);
    const at = (field: string) => [`/{key.0}/{key.1}/${field}`];
    old.putRules({ places: { owner: ['/*/{key.1}/by'], limit: at('limit'), tag: at('tag'), chain: at('chain') } });
    expect(notFound(await old.reconcile({ strict: true }))).toEqual({ 'bsc/Vault': 'partly', 'eth/Vault': 'partly' });
  });

  test('is found if the value is the other one’s, too', async () => {
    const networks = Object.fromEntries(
      ['bsc', 'eth', 'base'].map((network, at) => [
        `networks/${network}`,
        { title: `Network ${network}`, rpc: `https://rpc-${at}.example.org/${network}` },
      ]),
    );
    const contracts = nested.map(
      ({ key, network, name, value }) =>
        [`contracts/${key}`, { ...value, network, name, rpc: networks[`networks/${network}`]?.rpc }] as const,
    );
    using old = await OldState.of({ ...networks, ...Object.fromEntries(contracts) });
    const made: Record<string, Record<string, object>> = {};
    for (const { network, name, value } of nested) (made[network] ??= {})[name] = value;
    const titled = Object.entries(networks).map(([key, value]) => [key.slice('networks/'.length), value]);
    old.put('data/all.json', { networks: Object.fromEntries(titled), contracts: made });
    expect(notFound(await old.reconcile({ in: ['data/*'] }))).toEqual({});
  });
});

test('a reference of a record to another one does not make its place that one’s', async () => {
  const users = Array.from({ length: 16 }, (_, at) => ({
    id: at,
    type: 'user',
    name: `Person number ${at}`,
    boss: at === 0 ? 'nobody' : `user:${Math.floor(at / 3)}`,
  }));
  using old = await OldState.of(Object.fromEntries(users.map((user) => [`user:${user.id}`, user])));
  old.put(
    'data/list.json',
    users.map(({ name, ...rest }) => ({ ...rest, fullName: name })),
  );
  expect(notFound(await old.reconcile({ strict: true }))).toEqual({});
});
