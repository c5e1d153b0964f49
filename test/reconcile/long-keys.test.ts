import { expect, test } from 'vitest';
import { notFound, OldState } from '../support/old-state.ts';

/* All words of a key count, and their order: whose the place is that says them. */

const LONG = Array.from({ length: 8 }, (_, at) => `v1:app:prod:users:000${at}`);
const LONGER = LONG.map((key) => `a:b:c:d:e:f:${key}`);
const TOKENS = ['USDT', 'WBNB', 'CAKE'];
const PAIRS = TOKENS.flatMap((base) => TOKENS.filter((quote) => quote !== base).map((quote) => `${base}-${quote}`));
const PREFIXES = ['Token', 'Token-Proxy', 'Bridge', 'Bridge-Proxy', 'Oracle', 'Oracle-Proxy'];
const valueOf = (at: number) => ({ rate: `0.${at}${'7'.repeat(20)}`, limit: 5000 + at });

const CASES = [
  ['long keys', LONG, LONG[1] ?? '', LONG[2] ?? ''],
  ['longer keys', LONGER, LONGER[1] ?? '', LONGER[2] ?? ''],
  ['the same words in another order', PAIRS, 'USDT-WBNB', 'WBNB-USDT'],
  ['keys that begin with other keys', PREFIXES, 'Token', 'Token-Proxy'],
] as const;

const WAYS = [
  ['as they are', (value: object) => value],
  ['with other names', (value: object) => Object.fromEntries(Object.entries(value).map(([key, v]) => [`n_${key}`, v]))],
] as const;

const ALL = CASES.flatMap((each) => WAYS.map((way) => [...each, ...way] as const));

test.each(ALL)('%s: the values of two are exchanged', async (_, keys, one, two, _how, write) => {
  const values = new Map(keys.map((key, at) => [key, valueOf(at)]));
  using old = await OldState.of(Object.fromEntries(values));
  const put = (): void => old.put('out.json', Object.fromEntries([...values].map(([key, each]) => [key, write(each)])));
  put();
  expect(notFound(await old.reconcile({ strict: true }))).toEqual({});
  const [a, b] = [values.get(one), values.get(two)];
  if (a === undefined || b === undefined) throw new Error('no such key');
  values.set(one, b).set(two, a);
  put();
  expect(Object.keys(notFound(await old.reconcile())).toSorted()).toEqual([one, two].toSorted());
});

test('a place says a key also with other words between, and in another order if no other key is meant', async () => {
  const keys = ['56-Token', '56-Vault', '97-Token', '97-Vault'];
  using old = await OldState.of(Object.fromEntries(keys.map((key, at) => [key, valueOf(at)])));
  for (const [at, key] of keys.entries()) {
    const [chain = '', name = ''] = key.split('-');
    old.put(at % 2 === 0 ? `data/${chain}/core/${name}.json` : `data/${name}/on-${chain}.json`, valueOf(at));
  }
  expect(notFound(await old.reconcile({ strict: true }))).toEqual({});
});
