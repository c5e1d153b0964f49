import { expect, test } from 'vitest';
import { notFound, OldState } from '../support/old-state.ts';

const address = (at: number): string => `0x${String(at).padStart(40, 'c')}`;
const NAMES = ['Alpha', 'Bravo', 'Charlie', 'Delta', 'Echo'];
/** `Bravo` has the value that is tried. */
const entryOf = (name: string, at: number, value: string): string =>
  `{"name": "${name}", "owner": "${address(at)}", "x": ${at === 1 ? value : 7000 + at}}`;

/** JSON of a value in the old state and in the new one, and whether they mean the same. */
const PAIRS: readonly (readonly [string, string, boolean])[] = [
  ['"2025-02-30T00:00:00Z"', String(Date.UTC(2025, 1, 30)), false],
  ['"2025-08-13T24:00:00Z"', '"2025-08-14T00:00:00Z"', false],
  ['"2025-08-13T12:30:00+02:30"', '1755079200000', true],
  ['1755079200000', '"2025-08-13T10:00:00.000Z"', true],
  ['1.50', '1.5', true],
  ['"1.50"', '1.5', false],
  ['"007"', '7', false],
  ['0.1', '1e-1', true],
  ['-0', '"0"', true],
  ['1e23', '"100000000000000000000000"', true],
  ['123456789012345678e2', '"12345678901234567800"', true],
  ['12345678901234567890', '"12345678901234567890"', true],
  ['12345678901234567890', '12345678901234567000', false],
  ['9007199254740993', '9007199254740992', false],
  ['1e400', '1e401', false],
  ['1e400', '10e399', true],
  ['1e-400', '0', false],
  ['"0xABCDEF12"', '"0xabcdef12"', true],
  ['true', '"true"', false],
];

test.each(PAIRS)('%s and %s are the same: %j, in each step', async (was, now, isSame) => {
  const records = (value: string) => NAMES.map((name, at) => [name, Buffer.from(entryOf(name, at, value))] as const);
  using old = await OldState.of(Object.fromEntries(records(was)));
  const expected = isSame ? {} : { Bravo: 'changed' };
  old.putLevel('next', Object.fromEntries(records(now)));
  const byKey = await old.reconcile({ in: ['next'] });
  expect([notFound(byKey), byKey.sameKey]).toEqual([expected, { next: 5 }]);

  old.put('as-it-is.jsonl', NAMES.map((name, at) => `${entryOf(name, at, was)}\n`).join(''));
  expect(notFound(await old.reconcile({ in: ['as-it-is.jsonl'] }))).toEqual({});

  const entries = NAMES.map((name, at) => `"${name}": ${entryOf(name, at, now)}`);
  old.put('by-name.json', `{"more": [1], "tokens": {${entries.join(', ')}}}`);
  expect(notFound(await old.reconcile({ in: ['by-name.json'] }))).toEqual(expected);
});

test('a rule for a value holds for what means the same, and for truth values, in each step', async () => {
  const records = (x: (at: number) => unknown) =>
    Object.fromEntries(NAMES.map((name, at) => [name, { name, owner: address(at), x: x(at) }]));
  const olds = ['0xABCD12', 1, true, '2025-08-13T10:00:00Z', null];
  const news = ['0xef01', true, 'yes', 'then', false];
  const rules = { '0xabcd12': '0xEF01', '1': 'true', true: 'yes', '1755079200000': 'then', null: 'false' };
  using old = await OldState.of(records((at) => olds[at]));
  old.putLevel(
    'next',
    records((at) => news[at]),
  );
  old.put('by-name.json', { tokens: records((at) => news[at]) });
  old.putRules({
    values: { x: rules },
    places: { x: ['/tokens/{name}/x'], owner: ['/tokens/{name}/owner'], name: ['/tokens/{name}'] },
  });
  for (const glob of ['next', 'by-name.json']) {
    const { counts, findings } = await old.reconcile({ in: [glob] });
    expect([counts.explained, findings.filter(({ message }) => message.includes('values'))], glob).toEqual([5, []]);
  }
});
