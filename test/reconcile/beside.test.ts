import { describe, expect, test } from 'vitest';
import { notFound, OldState } from '../support/old-state.ts';

/* What stands directly beside a value can say whose it is. */

const KEYS = Array.from({ length: 6 }, (_, at) => `${50 + at}-Token`);
const valueOf = (at: number) => ({ owner: `0x${String(at).padStart(40, 'e')}`, limit: 5000 + at });
const saying = (at: number) => ({ chain: 50 + at, name: 'Token', ...valueOf(at) });
const textOf = (at: number) => `the text of ${at}, which is long enough`;

const VALUES = [
  ['values', valueOf],
  ['values that say their keys', saying],
  ['texts', textOf],
] as const;
type Entries = readonly (readonly [string, unknown])[];
const LAYOUTS = [
  [
    'a list of objects',
    (old: OldState, all: Entries) =>
      old.put(
        'data/a.json',
        all.map(([id, payload]) => ({ id, payload })),
      ),
  ],
  [
    'lines',
    (old: OldState, all: Entries) =>
      old.putLines(
        'data/a.jsonl',
        all.map(([id, payload], seq) => ({ seq, type: 'put', id, payload })),
      ),
  ],
  ['a list of pairs', (old: OldState, all: Entries) => old.put('data/a.json', { map: all })],
] as const;

describe.each(VALUES)('%s', (_, of) => {
  test.each(LAYOUTS)('%s', async (_name, write) => {
    using old = await OldState.of(Object.fromEntries(KEYS.map((key, at) => [key, of(at)])));
    write(
      old,
      KEYS.map((key, at) => [key, of(at)]),
    );
    expect(notFound(await old.reconcile({ strict: true }))).toEqual({});
    write(
      old,
      KEYS.map((key, at) => [key, of(at < 2 ? 1 - at : at)]),
    );
    expect(Object.keys(notFound(await old.reconcile({ strict: true })))).toEqual(['50-Token', '51-Token']);
  });
});

test('a key is recognised beside a value only in an object that is about one record', async () => {
  using old = await OldState.of(Object.fromEntries(KEYS.map((key, at) => [key, valueOf(at)])));
  const names = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`name${at}`, KEYS[at % 6] ?? '']));
  old.put('data/a.json', { ...names, ...Object.fromEntries(KEYS.map((_, at) => [`v${at}`, valueOf(at)])) });
  expect(await old.reconcile()).toMatchObject({ counts: { 'by-value': 6 }, notAccountedFor: 0 });
});
