import { expect, test } from 'vitest';
import {
  account,
  type Accounted,
  type NewDocument,
  type Rules,
  rulesOfPlaces,
} from '../../src/core/reconcile/account.ts';
import { type Deployment, LAYOUTS, makeDeployments, recordsOf, without } from '../support/deployment-records.ts';
import { mutate, MUTATIONS } from '../support/record-mutations.ts';

const ALL = makeDeployments(28);
const OLD = recordsOf(ALL);
const NESTED = LAYOUTS['a file per network, nested'] ?? (() => []);
const KEYED = LAYOUTS['one file keyed by network'] ?? (() => []);

const renamed = (all: readonly Deployment[]): Deployment[] =>
  all.map((each) => ({ ...each, networkName: each.networkName === 'bsc' ? 'bscmainnet' : each.networkName }));
const withRules = (documents: readonly NewDocument[], rules: Rules): Accounted => account(OLD, documents, rules);
const count = ({ records }: Accounted): Record<string, number> =>
  Object.fromEntries([...Map.groupBy(records, ({ status }) => status)].map(([status, mine]) => [status, mine.length]));

/** Places for all fields, as a first run without rules learns them. */
const PLACES = account(OLD, NESTED(ALL)).places;

test('with places from rules nothing is learned, and a field without a rule has no place', () => {
  const { address, ...others } = PLACES;
  expect(address).toEqual(['/contracts/*/{contractName~last}/implementation']);
  const accounted = withRules(NESTED(ALL), { places: others });
  expect([accounted.learnedFrom, accounted.withoutPlace, accounted.ruleProblems]).toEqual([0, ['address'], []]);
  expect(count(accounted)).toEqual({ 'by-value': 28 });
  expect(count(withRules(NESTED(ALL), { places: PLACES }))).toEqual({ found: 28 });
});

test.each(Object.keys(LAYOUTS))('%s: with the rules that a run writes, the next one says the same', (layout) => {
  for (const [name, casesOf] of Object.entries(MUTATIONS)) {
    const [first, second] = casesOf(ALL).slice(7);
    const documents =
      LAYOUTS[layout]?.(
        mutate(
          ALL,
          [first, second].filter((each) => each !== undefined),
        ),
      ) ?? [];
    const learned = account(OLD, documents);
    const ruled = account(OLD, documents, rulesOfPlaces(learned));
    expect(ruled.records, name).toEqual(learned.records);
    expect([ruled.withoutPlace, ruled.places, ruled.learnedFrom]).toEqual([learned.withoutPlace, learned.places, 0]);
  }
});

test('a renamed value is changed without a rule, and explained with one', () => {
  expect(count(withRules(NESTED(renamed(ALL)), {}))).toEqual({ changed: 6, found: 22 });
  const rules = { values: { networkName: { bsc: 'bscmainnet' } } };
  const explained = withRules(NESTED(renamed(ALL)), rules);
  expect(count(explained)).toEqual({ explained: 6, found: 22 });
  expect(explained.records[0]?.rule).toBe('values networkName');
  const [value] = explained.records[0]?.values.filter(({ status }) => status === 'explained') ?? [];
  expect([value?.path, value?.was]).toEqual(['/networkName', 'bsc']);
});

test('a rule for one value explains no other one', () => {
  const other = ALL.map((each) => ({
    ...each,
    networkName: each.networkName === 'bsc' ? 'polygon' : each.networkName,
  }));
  const accounted = withRules(NESTED(other), { values: { networkName: { bsc: 'bscmainnet' } } });
  expect(count(accounted)).toEqual({ changed: 6, found: 22 });
});

test('a renamed value in a place names the record, too', () => {
  const documents: NewDocument[] = [
    {
      file: 'all.json',
      pointer: '',
      value: Object.fromEntries(
        renamed(ALL).map((each) => [`${each.networkName}:${each.contractName}`, without(each, 'key')]),
      ),
    },
  ];
  const accounted = withRules(documents, { values: { networkName: { bsc: 'bscmainnet' } } });
  expect(count(accounted)).toEqual({ explained: 6, found: 22 });
});

test('an ignored field does not count, wherever it is', () => {
  const later = ALL.map((each) => ({ ...each, timestamp: each.timestamp + 1 + (each.chainId % 7) }));
  expect(count(withRules(NESTED(later), {}))['found']).toBeUndefined();
  const accounted = withRules(NESTED(later), { ignore: { timestamp: 'set on save' } });
  expect(count(accounted)).toEqual({ explained: 28 });
  expect(accounted.records[0]?.rule).toBe('ignore timestamp');
  expect(accounted.withoutPlace).toEqual([]);
});

test('gone explains the records that it names', () => {
  const kept = ALL.filter(({ chainId }) => chainId !== 97);
  const gone = withRules(NESTED(kept), { gone: [{ key: '97-*', entries: 6, why: 'test network' }] });
  expect(count(gone)).toEqual({ explained: 6, found: 22 });
  expect(gone.records[6]?.rule).toBe('gone 97-*');
});

test('what is there is not gone, whatever a rule says', () => {
  const accounted = withRules(NESTED(ALL), { gone: [{ key: '56-*', entries: 6, why: 'really' }] });
  expect(count(accounted)).toEqual({ found: 28 });
});

test('a place at which nothing stands is a problem', () => {
  const places = { ...PLACES, address: [...(PLACES['address'] ?? []), '/nowhere/{contractName}'], nothing: ['/a'] };
  const accounted = withRules(NESTED(ALL), { places });
  expect(accounted.ruleProblems).toEqual([
    'places nothing: no record has a value there',
    'places /nowhere/{contractName}: nothing stands there for any record',
  ]);
  expect(count(accounted)).toEqual({ found: 28 });
});

const HOSTILE: readonly (readonly [string, string])[] = [
  ['{', 'does not begin with "/"'],
  ['/{', 'has a "{" without "}"'],
  ['/{}', 'has a "{" without a name'],
  ['/{{a}', 'has a "{" without a name'],
  ['/a}', 'has a "}" without "{"'],
  ['/a*', 'has a "*" that is not alone between two "/"'],
  ['/**', 'has a "*" that is not alone between two "/"'],
  ['/*/*/*/*/*', 'has more than 4 "*"'],
  ['/~2', 'has a "~" that is not "~0" or "~1"'],
  ['/(a+)+$', ''],
  ['/'.repeat(1999), 'has more than 100 parts'],
  [`/${'{a}'.repeat(1000)}`, 'is longer than 2000 characters'],
  ['$..address', 'does not begin with "/"'],
];

test.each(HOSTILE)('the pattern %j is refused in words, or is only text', (pattern, problem) => {
  const { ruleProblems } = withRules(NESTED(ALL), { places: { address: [pattern] } });
  const expected =
    problem === ''
      ? `places ${pattern}: nothing stands there for any record`
      : `places address: a pattern ${problem}: `;
  expect(ruleProblems[0]?.startsWith(expected)).toBe(true);
});

test('a million places, a million gone and patterns that would backtrack end at once', () => {
  const many = Array.from({ length: 1_000_000 }, () => '/*/*/*/x');
  const stars = `${'*a'.repeat(450)}b`;
  const accounted = withRules(KEYED(ALL), {
    places: {
      address: many,
      proxyAddress: ['/*/*/*/*', '/*/{contractName}{contractName}{contractName}{contractName}'],
    },
    gone: Array.from({ length: 100_000 }, () => ({ key: stars, entries: 0, why: 'x' })),
    values: { networkName: Object.fromEntries(many.slice(0, 100_000).map((each, at) => [each + at, 'x'])) },
  });
  expect(accounted.ruleProblems[0]).toBe('places address has more than 50 patterns; the rest is not used');
  expect(accounted.ruleProblems.length).toBeLessThanOrEqual(51);
});

test('a star is not followed into a thousand entries: whose would it be?', () => {
  const documents = LAYOUTS['another database, same keys']?.(makeDeployments(5000)) ?? [];
  const all: NewDocument[] = [
    {
      file: 'all.json',
      pointer: '',
      value: Object.fromEntries(documents.map(({ pointer, value }) => [pointer, value])),
    },
  ];
  const { records } = account(OLD.slice(0, 1), all, { places: { address: ['/*/address'] } });
  expect(records[0]?.values.find(({ path }) => path === '/address')?.status).toBe('missing');
});

test('a rule for what is gone does not explain a record that is there with another value, or in part', () => {
  const old = [1, 2, 3, 4, 5, 6].map((at) => ({
    key: `k-${at}`,
    value: { name: `name ${at}`, address: `0x${String(at).repeat(40)}`, owner: `owner ${at}` },
  }));
  const documents = old.map(({ key, value }): NewDocument => ({ file: `${key}.json`, pointer: '', value }));
  const wrong = { ...old[1]?.value, address: `0x${'9'.repeat(40)}` };
  const { owner: _, ...part } = { owner: '', ...old[3]?.value };
  const altered = documents
    .with(1, { file: 'k-2.json', pointer: '', value: wrong })
    .with(3, { file: 'k-4.json', pointer: '', value: part })
    .slice(0, 5);
  const gone = ['k-2', 'k-4', 'k-6'].map((key) => ({ key, entries: 1, why: 'not needed' }));
  expect(account(old, altered, { gone }).records.map(({ status }) => status)).toEqual([
    'found',
    'changed',
    'found',
    'partly',
    'found',
    'explained',
  ]);
});
