import { expect, test } from 'vitest';
import { notFound, OldState } from '../support/old-state.ts';

const address = (at: number): string => `0x${String(at).padStart(40, 'c')}`;

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

/** `p0` and so on have the values of the pairs; others make sure that their place is known. */
const MEMBERS = [...PAIRS.map((_, at) => `p${at}`), ...PAIRS.map((_, at) => `other${at}`)];
const entryOf = (name: string, at: number, side: 0 | 1): string =>
  `{"name": "${name}", "owner": "${address(at)}", "x": ${PAIRS[at]?.[side] ?? 7000 + at}}`;
const records = (side: 0 | 1): Record<string, Buffer> =>
  Object.fromEntries(MEMBERS.map((name, at) => [name, Buffer.from(entryOf(name, at, side))]));

test('values mean the same in each step, or in none', async () => {
  using old = await OldState.of(records(0));
  const different = Object.fromEntries(PAIRS.flatMap(([, , isSame], at) => (isSame ? [] : [[`p${at}`, 'changed']])));
  old.putLevel('next', records(1));
  const byKey = await old.reconcile({ in: ['next'] });
  expect([notFound(byKey), byKey.sameKey]).toEqual([different, { next: MEMBERS.length }]);

  old.put('as-it-is.jsonl', MEMBERS.map((name, at) => `${entryOf(name, at, 0)}\n`).join(''));
  expect(notFound(await old.reconcile({ in: ['as-it-is.jsonl'] }))).toEqual({});

  const entries = MEMBERS.map((name, at) => `"${name}": ${entryOf(name, at, 1)}`);
  old.put('by-name.json', `{"more": [1], "tokens": {${entries.join(', ')}}}`);
  expect(notFound(await old.reconcile({ in: ['by-name.json'] }))).toEqual(different);
});

test('a rule for a value holds for what means the same, and for truth values, in each step', async () => {
  const all = (x: readonly unknown[]) =>
    Object.fromEntries(
      ['Alpha', 'Bravo', 'Charlie', 'Delta', 'Echo'].map((name, at) => [name, { name, owner: address(at), x: x[at] }]),
    );
  const olds = ['0xABCD12', 1, true, '2025-08-13T10:00:00Z', null];
  const news = ['0xef01', true, 'yes', 'then', false];
  const rules = { '0xabcd12': '0xEF01', '1': 'true', true: 'yes', '1755079200000': 'then', null: 'false' };
  using old = await OldState.of(all(olds));
  old.putLevel('next', all(news));
  old.put('by-name.json', { tokens: all(news) });
  old.putRules({
    values: { x: rules },
    places: { x: ['/tokens/{name}/x'], owner: ['/tokens/{name}/owner'], name: ['/tokens/{name}'] },
  });
  for (const glob of ['next', 'by-name.json']) {
    const { counts, findings } = await old.reconcile({ in: [glob] });
    expect([counts.explained, findings.filter(({ message }) => message.includes('values'))], glob).toEqual([5, []]);
  }
});

test('a record that is null is the value null', async () => {
  using old = await OldState.of({ a: null, b: 'null', c: { name: 'Charlie' } });
  old.put('next.json', { a: null, b: 'null', c: { name: 'Charlie' } });
  const report = await old.reconcile();
  expect(report).toMatchObject({ notAccountedFor: 0 });
  expect(report.records.map(({ values }) => values[0]?.was)).toEqual([null, 'null', 'Charlie']);
});
