import { expect, test } from 'vitest';
import { account, type Accounted, type NewDocument, type OldRecord } from '../../src/core/reconcile/account.ts';
import type { Json } from '../../src/core/records/json.ts';
import { notFound, OldState } from '../support/old-state.ts';

type Fields = Readonly<Record<string, Json>>;
const NUMBERS = Array.from({ length: 12 }, (_, at) => at);
const hash = (at: number): string => `0x${String(at + 1000).repeat(10)}`;
const key = (at: number): string => `item-${at}`;
const oldOf = (make: (at: number) => Fields): OldRecord[] => NUMBERS.map((at) => ({ key: key(at), value: make(at) }));
/** One file keyed by the keys of the records, with these keys beside them. */
const keyed = (make: (at: number) => Fields, beside: Fields = {}): NewDocument[] => [
  {
    file: 'all.json',
    pointer: '',
    value: { ...beside, items: Object.fromEntries(NUMBERS.map((at) => [key(at), make(at)])) },
  },
];
const statuses = ({ records }: Accounted): string[] => [...new Set(records.map(({ status }) => status))];

const created = (at: number): Fields => ({ createdAt: 1_700_000_000_000 + at, createdBy: hash(at) });
const stamped = (at: number): Fields => ({
  ...created(at),
  updatedAt: 1_700_000_000_000 + at,
  updatedBy: hash(at),
});

test('a field that is gone is not found where another field has the same values', () => {
  const accounted = account(oldOf(stamped), keyed(created));
  expect(accounted.places).toEqual({ createdAt: ['/items/{key}/createdAt'], createdBy: ['/items/{key}/createdBy'] });
  expect(accounted.withoutPlace).toEqual(['updatedAt', 'updatedBy']);
  expect(statuses(accounted)).toEqual(['by-value']);
});

test('also where the other field has a new name: one name stands for one of them', () => {
  const accounted = account(
    oldOf(stamped),
    keyed((at) => ({ createdAt: 1_700_000_000_000 + at, author: hash(at) })),
  );
  expect(accounted.withoutPlace).toHaveLength(2);
  expect(accounted.withoutPlace).toContain('updatedAt');
  expect(statuses(accounted)).toEqual(['by-value']);
});

test('also in the same database, also for values that stand everywhere, and rules do not keep it', async () => {
  const flags = (at: number): Fields => ({ ...created(at), enabled: at % 3 === 0, count: at });
  const made = (at: number): Fields => ({ ...stamped(at), ...flags(at), visible: at % 3 === 0, limit: at });
  const all = (make: (at: number) => Fields): Record<string, Fields> =>
    Object.fromEntries(NUMBERS.map((at) => [key(at), make(at)]));
  using old = await OldState.of(all(made));
  old.putRules({});
  old.putLevel('leveldb', all(flags));
  const report = await old.reconcile({ strict: true, writeRules: true });
  expect(report.withoutPlace.toSorted()).toEqual(['limit', 'updatedAt', 'updatedBy', 'visible']);
  expect(new Set(Object.values(notFound(report)))).toEqual(new Set(['by-value']));
  expect(report.notAccountedFor).toBe(12);
  expect(report.wrote?.filter((line) => /visible|limit|updated/.test(line))).toEqual([]);
});

test('a value that all records have is not found at the top of the file', () => {
  const make = (at: number): Fields => ({ name: `name ${at}`, wallet: hash(at) });
  const old = oldOf((at) => ({ ...make(at), enabled: true, version: 1 }));
  const accounted = account(old, keyed(make, { version: 1, dryRun: true }));
  expect(accounted.withoutPlace).toEqual(['enabled', 'version']);
  expect(statuses(accounted)).toEqual(['by-value']);
});

test('fields that have other names have places, also those whose values stand everywhere, beside the others', () => {
  const old = oldOf((at) => ({
    ...stamped(at),
    wallet: hash(at + 500),
    isOpen: at % 2 === 0,
    level: at,
    type: 'bank',
  }));
  const accounted = account(
    old,
    keyed((at) => ({ ...stamped(at), account: hash(at + 500), open: at % 2 === 0, rank: at, kind: 'bank' })),
  );
  expect(accounted.withoutPlace).toEqual([]);
  expect(accounted.places).toMatchObject({
    wallet: ['/items/{key}/account'],
    isOpen: ['/items/{key}/open'],
    level: ['/items/{key}/rank'],
    type: ['/items/{key}/kind'],
  });
  expect(statuses(accounted)).toEqual(['found']);
});

test('fields of the same name in the record and inside of it keep to their own places', () => {
  const make = (at: number): Fields => ({ logic: { address: hash(at) }, address: hash(at), name: `name ${at}` });
  expect(account(oldOf(make), keyed(make)).places).toMatchObject({
    address: ['/items/{key}/address'],
    'logic/address': ['/items/{key}/logic/address'],
  });
  const dropped = account(
    oldOf(make),
    keyed((at) => ({ address: hash(at), name: `name ${at}` })),
  );
  expect(dropped.withoutPlace).toEqual(['logic/address']);
});

test('small numbers that are whole records have their place under their keys', () => {
  const old = NUMBERS.map((at) => ({ key: key(at), value: at }));
  const accounted = account(old, [
    { file: 'all.json', pointer: '', value: Object.fromEntries(NUMBERS.map((at) => [key(at), at])) },
  ]);
  expect(accounted.places).toEqual({ '': ['/{key}'] });
});

test('a field that is gone where the keys are the same is named also if other records are looked for elsewhere', async () => {
  const make = (at: number): Fields => ({ name: `name ${at}`, wallet: hash(at), note: `note ${at}` });
  using old = await OldState.of(Object.fromEntries(NUMBERS.map((at) => [key(at), make(at)])));
  old.putRules({});
  const kept = NUMBERS.slice(1).map((at) => [key(at), { name: `name ${at}`, account: hash(at) }]);
  old.putLevel('leveldb', Object.fromEntries(kept));
  const report = await old.reconcile({ writeRules: true });
  expect(report.withoutPlace).toEqual(['note']);
  expect(report.places).toMatchObject({ wallet: [expect.stringContaining('account')] });
  expect(report.wrote).toContainEqual(expect.stringContaining('places.wallet'));
  expect(report.learnedFrom).toBe(11);
});

test('nothing was learned if no pattern can say where the values stand', () => {
  const make = (at: number): Fields => ({ wallet: hash(at), note: `note ${at}` });
  const value = { '{main}': Object.fromEntries(NUMBERS.map((at) => [key(at), make(at)])) };
  const accounted = account(oldOf(make), [{ file: 'all.json', pointer: '', value }]);
  expect(accounted).toMatchObject({ places: {}, withoutPlace: ['wallet', 'note'], learnedFrom: 0 });
});
