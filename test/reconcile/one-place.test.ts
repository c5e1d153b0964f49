import { expect, test } from 'vitest';
import { account, type NewDocument, type OldRecord } from '../../src/core/reconcile/account.ts';
import type { Json } from '../../src/core/records/json.ts';

const hash = (at: number): string => `0x${at.toString(16).padStart(4, '0').repeat(10)}`;
const file = (name: string, value: Json): NewDocument => ({ file: name, pointer: '', value });
const statuses = (old: readonly OldRecord[], documents: readonly NewDocument[]): string[] =>
  account(old, documents).records.map(({ status }) => status);

/** The same contracts on two chains, at the same addresses. */
const CHAINS = [100, 200];
const NAMES = ['Alpha', 'Bravo', 'Charlie', 'Delta', 'Echo'];
const OLD: OldRecord[] = CHAINS.flatMap((chain) =>
  NAMES.map((name, at) => ({
    key: `${chain}-${name}`,
    value: { chain, name, address: hash(at + 1), code: hash(at + 50), deployed: chain * 1000 + at },
  })),
);
const element = ({ value }: OldRecord): Json => value;

test.each<[string, (old: readonly OldRecord[]) => NewDocument[]]>([
  ['a file per record', (old) => old.map((each, at) => file(`${at}.json`, element(each)))],
  ['one array', (old) => [file('all.json', { list: old.map(element) })]],
  ['lines', (old) => old.map((each, at) => ({ file: 'all.jsonl', pointer: `/${at}`, value: element(each) }))],
])('%s: a record does not stand in the place of another one that shares its addresses', (_, layout) => {
  expect(new Set(statuses(OLD, layout(OLD)))).toEqual(new Set(['found']));
  for (const at of OLD.keys()) {
    const expected = OLD.map(() => 'found').with(at, 'missing');
    expect(statuses(OLD, layout(OLD.toSpliced(at, 1)))).toEqual(expected);
  }
});

test('of records that are the same, as many are found as there are in the new state', () => {
  const same = { kind: 'token', owner: hash(7), note: 'the same for all' };
  const old = [...OLD, ...['a', 'b', 'c'].map((key) => ({ key, value: same }))];
  const list = (copies: number): NewDocument[] => [
    file('all.json', { list: [...OLD.map(element), ...Array.from({ length: copies }, () => same)] }),
  ];
  const ends = (copies: number): string[] => statuses(old, list(copies)).slice(-3);
  expect(ends(3)).toEqual(['found', 'found', 'found']);
  expect(ends(2)).toEqual(['found', 'found', 'missing']);
  expect(ends(0)).toEqual(['missing', 'missing', 'missing']);
});

test('a list that belongs to the records is not split', () => {
  const old = NAMES.map((name, at) => ({
    key: name,
    value: {
      name,
      address: hash(at + 1),
      facets: [0, 1, 2].map((of) => ({ facet: `F${at}${of}x`, at: hash(at * 10 + of + 100) })),
    },
  }));
  const documents = [file('all.json', { contracts: old.map(({ value }) => value) })];
  const { records, places } = account(old, documents);
  expect(records.map(({ status }) => status)).toEqual(NAMES.map(() => 'found'));
  expect(places['facets/#/at']).toEqual(['/contracts/*/facets/#/at']);
  const swapped = old.map(({ value }, at) => (at === 2 ? { ...value, facets: value.facets.toReversed() } : value));
  expect(statuses(old, [file('all.json', { contracts: swapped })])).toEqual(
    NAMES.map(() => 'found').with(2, 'changed'),
  );
});

test('rows of a table are documents of their own', () => {
  const rows = OLD.map(({ value }) => (typeof value === 'object' && value !== null ? Object.values(value) : []));
  const { records, places } = account(OLD, [file('table.json', { rows })]);
  expect(new Set(records.map(({ status }) => status))).toEqual(new Set(['found']));
  expect(places['address']).toEqual(['/rows/*/2']);
  expect(statuses(OLD, [file('table.json', { rows: rows.toSpliced(3, 1) })])).toEqual(
    OLD.map(() => 'found').with(3, 'missing'),
  );
});
