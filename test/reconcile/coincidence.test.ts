import { expect, test } from 'vitest';
import { account, type NewDocument, type Rules } from '../../src/core/reconcile/account.ts';
import type { Json } from '../../src/core/records/json.ts';

const file = (name: string, value: Json): NewDocument => ({ file: name, pointer: '', value });
const statuses = (records: Readonly<Record<string, Json>>, document: NewDocument, rules: Rules = {}): string[] => {
  const old = Object.entries(records).map(([key, value]) => ({ key, value }));
  return account(old, [document], rules).records.map(({ status }) => status);
};
const SETTINGS = { title: 'my project', version: 1, strict: true, extra: {}, theme: 'dark', note: null, code: 'v2' };

test.each([
  ['a number', { 'counter-a': 1 }],
  ['a truth value', { 'flag-b': true }],
  ['nothing', { 'none-c': null }],
  ['an empty object', { 'empty-d': {} }],
  ['a short text', { 'mode-e': 'dark' }],
  ['a few of them', { 'user-f': { level: 1, admin: true, group: 'v2' } }],
  ['many with the same value', { 'a-1': 1, 'a-2': 1, 'a-3': 1, 'a-4': 1 }],
  ['many with other ones', { 'a-1': 1, 'a-2': true, 'a-3': 'v2', 'a-4': 'dark' }],
] satisfies (readonly [string, Readonly<Record<string, Json>>])[])(
  '%s that stands in a file of something else by coincidence is missing',
  (_, records) => {
    expect(new Set(statuses(records, file('package.json', SETTINGS)))).toEqual(new Set(['missing']));
  },
);

test('a value that no other one has is not there by coincidence', () => {
  const address = '0x52908400098527886E0F7030069857D2E4169EE7';
  expect(statuses({ 'owner-a': address }, file('package.json', { ...SETTINGS, by: address }))).not.toContain('missing');
  expect(
    statuses({ 'time-a': 1_754_059_302_459 }, file('x.json', { ...SETTINGS, by: 1_754_059_302_459 })),
  ).not.toContain('missing');
});

test('where the key of the record stands, a truth value may be the one of the record', () => {
  expect(statuses({ 'flags-strict': true }, file('flags.json', { ...SETTINGS, more: [1] }))).toEqual(['by-value']);
  expect(statuses({ strict: true, title: 'my project' }, file('any.json', SETTINGS))).toEqual(['found', 'found']);
  const keyed = file('all.json', { all: { 'user-a': [1], 'user-b': [true] } });
  expect(statuses({ 'user-a': 1, 'user-b': true }, keyed)).toEqual(['by-value', 'by-value']);
});

test('a field that is called the same is there by its value; at a place of the rules it is where its kind stands', () => {
  const records = { any: { strict: true, theme: 'dark' } };
  expect(statuses(records, file('settings.json', { settings: SETTINGS, more: 1 }))).toEqual(['by-value']);
  const other = file('settings.json', { on: true, look: 'dark', more: 1 });
  expect(statuses(records, other)).toEqual(['missing']);
  expect(statuses(records, other, { places: { strict: ['/on'], theme: ['/look'] } })).toEqual(['found']);
});

test('rows of short values are where their kind stands', () => {
  const people = ['Ann', 'Bob', 'Cem', 'Dan', 'Eve'].map((name, at) => ({ name, age: 30 + at }));
  const records = Object.fromEntries(people.map((each, at) => [`people/${at}`, each]));
  const rows = file('people.json', { rows: people.map(({ name, age }) => [name, age]) });
  expect(statuses(records, rows)).toEqual(people.map(() => 'found'));
});
