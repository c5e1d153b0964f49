import { describe, expect, test } from 'vitest';
import { without } from '../support/deployment-records.ts';
import { notFound, OldState } from '../support/old-state.ts';

/* A field that names another record is not there because that record is. */

const digits = (seed: number): string => `0x${String(seed).padStart(16, 'd')}`;
const USERS = Array.from({ length: 6 }, (_, at) => ({ name: `Person ${at}`, mail: `p${at}@example.org` }));
const ORDERS = Array.from({ length: 14 }, (_, at) => ({
  customer: `user-${(at * 5) % 6}`,
  total: 1999 + at * 250,
  ref: digits(at),
}));
type Order = (typeof ORDERS)[number];
const keyed = <T>(kind: string, all: readonly T[]): Record<string, T> =>
  Object.fromEntries(all.map((each, at) => [`${kind}-${at}`, each]));
const RECORDS = { ...keyed('user', USERS), ...keyed('order', ORDERS) };
const ALL = Object.keys(keyed('order', ORDERS)).toSorted();

/** One object keyed by the key, in which a field of orders has another name. */
const migrated = (orders: readonly Partial<Order>[]) => ({
  items: {
    ...keyed('user', USERS),
    ...keyed(
      'order',
      orders.map(({ total, ...rest }) => ({ ...rest, sum: total })),
    ),
  },
});

describe('an order that names its customer, where customers have their own objects', () => {
  test('nothing is lost', async () => {
    using old = await OldState.of(RECORDS);
    old.put('out.json', migrated(ORDERS));
    expect(notFound(await old.reconcile({ strict: true }))).toEqual({});
  });

  test('the customers of all orders are gone', async () => {
    using old = await OldState.of(RECORDS);
    old.put('out.json', migrated(ORDERS.map((order) => without(order, 'customer'))));
    const report = await old.reconcile({ strict: true });
    expect(Object.keys(notFound(report)).toSorted()).toEqual(ALL);
    expect(report.withoutPlace).toEqual(['customer']);
  });

  test('two orders have the customer of the other', async () => {
    using old = await OldState.of(RECORDS);
    const [first, second] = [ORDERS[1], ORDERS[2]];
    if (first === undefined || second === undefined) throw new Error('no orders');
    const exchanged = ORDERS.with(1, { ...first, customer: second.customer });
    old.put('out.json', migrated(exchanged.with(2, { ...second, customer: first.customer })));
    expect(notFound(await old.reconcile({ strict: true }))).toEqual({ 'order-1': 'changed', 'order-2': 'changed' });
  });

  test('a rule that says so proves no more', async () => {
    using old = await OldState.of(RECORDS);
    old.put('out.json', migrated(ORDERS.map((order) => without(order, 'customer'))));
    const item = (field: string) => [`/items/{key}/${field}`];
    const rest = { total: item('sum'), ref: item('ref'), name: item('name'), mail: item('mail') };
    old.putRules({ places: { ...rest, customer: ['/items/{customer}'] } });
    expect(Object.keys(notFound(await old.reconcile({ strict: true }))).toSorted()).toEqual(ALL);
  });
});

test('a name is there as the key of the object that holds the rest of its record', async () => {
  const kinds = ['USDT', 'WBNB', 'CAKE', 'BUSD', 'LOOK'];
  const records = kinds.map((symbol, at) => ({ symbol, decimals: at % 2 === 0 ? 18 : 6, token: digits(50 + at) }));
  using old = await OldState.of(Object.fromEntries(records.map((each) => [`token-${each.symbol}`, each])));
  const made = records.map(({ symbol, token, decimals }) => [symbol, { token, decimals }] as const);
  old.put('out.json', { tokens: Object.fromEntries(made) });
  expect(notFound(await old.reconcile({ strict: true }))).toEqual({});
});

test('a name is there as the key of the object in which its records are listed', async () => {
  using old = await OldState.of(RECORDS);
  const users = USERS.map((user, at) => {
    const mine = ORDERS.flatMap(({ customer, ...rest }, id) =>
      customer === `user-${at}` ? [[`order-${id}`, rest] as const] : [],
    );
    return [`user-${at}`, { ...user, orders: Object.fromEntries(mine) }] as const;
  });
  old.put('out.json', Object.fromEntries(users));
  const left = notFound(await old.reconcile());
  expect(left).toEqual({});
});

test('a value that all records of a group share is looked for beside the others of its record', async () => {
  const all = ['bsc', 'eth', 'base'].flatMap((network, at) =>
    ['Token', 'Vault', 'Oracle', 'Router', 'Gate'].map((name, of) => ({
      network,
      name,
      value: {
        contract: name,
        address: digits(at * 10 + of),
        block: 30_000_000 + at * 10 + of,
        admin: digits(900 + at),
      },
    })),
  );
  using old = await OldState.of(Object.fromEntries(all.map((each) => [`${each.network}/${each.name}`, each.value])));
  const made: Record<string, Record<string, object>> = {};
  for (const { network, name, value } of all)
    (made[network] ??= {})[name] = { of: name, at: value.address, since: value.block, owner: value.admin };
  old.put('data/all.json', made);
  expect(notFound(await old.reconcile({ strict: true }))).toEqual({});
  Object.assign(made['base']?.['Gate'] ?? {}, { owner: digits(900) });
  Object.assign(made['bsc']?.['Gate'] ?? {}, { owner: digits(902) });
  old.put('data/all.json', made);
  expect(notFound(await old.reconcile({ strict: true }))).toEqual({ 'base/Gate': 'changed', 'bsc/Gate': 'changed' });
});
