import { expect, test } from 'vitest';
import { account, accountInTurns, type NewDocument, type OldRecord } from '../../src/core/reconcile/account.ts';
import type { Json } from '../../src/core/records/json.ts';

const hash = (at: number): string => `0x${at.toString(16).padStart(4, '0').repeat(10)}`;
const NAMES = ['Alpha', 'Bravo', 'Charlie', 'Delta', 'Echo', 'Foxtrot', 'Golf', 'Hotel'];

interface Token {
  readonly name: string;
  readonly owner: string;
  readonly admin: string;
  readonly time: number;
}

const TOKENS: readonly Token[] = NAMES.map((name, at) => ({
  name,
  owner: hash(at + 1),
  admin: hash(at + 100),
  time: 1_700_000_000_000 + at,
}));
const OLD: OldRecord[] = TOKENS.map((token) => ({ key: `token-${token.name}`, value: { ...token } }));
const file = (name: string, value: Json): NewDocument => ({ file: name, pointer: '', value });
type Entries = Record<string, Record<string, Json>>;
/** One file keyed by name; `change` is made to it before it is written. */
function keyed(change: (entries: Entries) => void = () => undefined): NewDocument {
  const entries: Entries = Object.fromEntries(TOKENS.map(({ name, ...rest }) => [name, { ...rest }]));
  change(entries);
  return file('tokens.json', { tokens: entries });
}
const statuses = (documents: readonly NewDocument[], old: readonly OldRecord[] = OLD): string[] =>
  account(old, documents).records.map(({ status }) => status);
const found = NAMES.map(() => 'found');

test('each value at its place: found, with where it stands', () => {
  const { records, places, withoutPlace, learnedFrom } = account(OLD, [keyed()]);
  expect(records.map(({ status }) => status)).toEqual(found);
  expect(places).toEqual({
    name: ['/tokens/{name}'],
    owner: ['/tokens/{name}/owner'],
    admin: ['/tokens/{name}/admin'],
    time: ['/tokens/{name}/time'],
  });
  expect([withoutPlace, learnedFrom]).toEqual([[], 8]);
  expect(records[1]?.values[1]).toEqual({
    path: '/owner',
    status: 'found',
    was: hash(2),
    at: [{ file: 'tokens.json', pointer: '/tokens/Bravo/owner' }],
  });
});

test('another value at its place: changed, with what stands there now', () => {
  const { records } = account(OLD, [keyed((entries) => Object.assign(entries['Bravo'] ?? {}, { owner: hash(999) }))]);
  expect(records.map(({ status }) => status)).toEqual(found.with(1, 'changed'));
  expect(records[1]?.values[1]).toEqual({
    path: '/owner',
    status: 'changed',
    was: hash(2),
    now: hash(999),
    at: [{ file: 'tokens.json', pointer: '/tokens/Bravo/owner' }],
  });
});

test('a value that stands where another kind stands is not found', () => {
  const swap = (entries: Entries): void => {
    const { owner = null, admin = null } = entries['Echo'] ?? {};
    Object.assign(entries['Echo'] ?? {}, { owner: admin, admin: owner });
  };
  expect(statuses([keyed(swap)])).toEqual(found.with(4, 'changed'));
});

test('a value that is nowhere: partly; a record that is nowhere: missing', () => {
  expect(statuses([keyed((entries) => void delete entries['Golf']?.['admin'])])).toEqual(found.with(6, 'partly'));
  expect(statuses([keyed((entries) => void delete entries['Golf'])])).toEqual(found.with(6, 'missing'));
  expect(statuses([])).toEqual(NAMES.map(() => 'missing'));
  expect(statuses([file('other.json', { a: 1 })])).toEqual(NAMES.map(() => 'missing'));
});

test('a record of which a document holds a little is missing, not partly there', () => {
  const own = TOKENS.map((token) => file(`${token.name}.json`, { ...token }));
  expect(statuses(own)).toEqual(found);
  expect(statuses(own.with(6, file('Golf.json', { name: 'Golf', note: 'see below' })))).toEqual(
    found.with(6, 'missing'),
  );
});

test('a value at its place in another file: scattered, with the file', () => {
  const here = keyed((entries) => void delete entries['Delta']?.['time']);
  const there = file('old.json', { tokens: { Delta: { time: TOKENS[3]?.time ?? 0 } } });
  const { records } = account(OLD, [here, there]);
  expect(records.map(({ status }) => status)).toEqual(found.with(3, 'scattered'));
  expect(records[3]?.beside).toEqual(['old.json']);
});

test('its own place is empty, and the same value stands at another place of its kind: folded', () => {
  const fold = (entries: Entries): void => {
    for (const name of ['Golf', 'Hotel']) {
      const entry = entries[name] ?? {};
      entry['keeper'] = entry['owner'] ?? null;
      delete entry['owner'];
    }
  };
  const { records, places } = account(OLD, [keyed(fold)]);
  expect(places['owner']).toEqual(['/tokens/{name}/owner', '/tokens/{name}/keeper']);
  expect(records.map(({ status }) => status)).toEqual(found.with(6, 'folded').with(7, 'folded'));
});

test('a place that holds for fewer than three quarters of those that have something there is none', () => {
  const keep = (entries: Entries): void => {
    for (const [at, entry] of Object.values(entries).entries())
      entry['keeper'] = at < 5 ? hash(at + 700) : (entry['owner'] ?? null);
    for (const name of ['Foxtrot', 'Golf', 'Hotel']) delete entries[name]?.['owner'];
  };
  const { records, places } = account(OLD, [keyed(keep)]);
  expect(places['owner']).toEqual(['/tokens/{name}/owner']);
  expect(records.map(({ status }) => status)).toEqual([...found.slice(0, 5), 'partly', 'partly', 'partly']);
});

test('a field that only one record has is counted apart where it is called something else, and has no place', () => {
  const old = OLD.with(2, { key: 'token-Charlie', value: { ...TOKENS[2], pauser: hash(500) } });
  const { records, withoutPlace } = account(old, [
    keyed((entries) => Object.assign(entries['Charlie'] ?? {}, { stopper: hash(500) })),
  ]);
  expect(records.map(({ status }) => status)).toEqual(found.with(2, 'by-value'));
  expect(withoutPlace).toEqual(['pauser']);
});

test('a field that is gone from all records has no place, and every record is named', () => {
  const { records, withoutPlace } = account(OLD, [
    keyed((entries) => Object.values(entries).forEach((entry) => delete entry['admin'])),
  ]);
  expect(withoutPlace).toEqual(['admin']);
  expect(new Set(records.map(({ status }) => status))).toEqual(new Set(['partly']));
});

test('a record that nests too deep or has too many values is unsearched, and says so', () => {
  let deep: Json = 1;
  for (let depth = 0; depth < 1100; depth++) deep = [deep];
  const wide = Array.from({ length: 100_001 }, (_, at) => at);
  const old = [...OLD, { key: 'deep', value: deep }, { key: 'wide', value: wide }];
  expect(statuses([keyed()], old)).toEqual([...found, 'unsearched', 'unsearched']);
});

test('a document that nests too deep is named as unread, and does not end the program', () => {
  let deep: Json = 1;
  for (let depth = 0; depth < 50_000; depth++) deep = { deep };
  const { records, unread } = account(OLD, [keyed(), file('deep.json', deep)]);
  expect(unread).toEqual([{ file: 'deep.json', pointer: '' }]);
  expect(records.map(({ status }) => status)).toEqual(found);
});

test('keys that every object inherits are keys like others', () => {
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
  const old = names.map((name, at) => ({ key: name, value: { name, owner: hash(at + 1), admin: hash(at + 50) } }));
  const entries = names.map((name, at) => [name, { owner: hash(at + 1), admin: hash(at + 50) }] as const);
  const all = file('tokens.json', Object.fromEntries(entries));
  expect(statuses([all], old)).toEqual(['found', 'found', 'found', 'found']);
  expect(statuses([file('tokens.json', Object.fromEntries(entries.slice(1)))], old)[0]).toBe('missing');
});

test('values of records that are no objects are accounted for', () => {
  const old = NAMES.map((name, at) => ({ key: name, value: hash(at + 1) }));
  const pairs = NAMES.map((name, at) => [name, hash(at + 1)] as const);
  expect(statuses([file('all.json', Object.fromEntries(pairs))], old)).toEqual(found);
  const swapped = pairs.with(0, [NAMES[0] ?? '', hash(2)]).with(1, [NAMES[1] ?? '', hash(1)]);
  expect(statuses([file('all.json', Object.fromEntries(swapped))], old)).toEqual(
    found.with(0, 'changed').with(1, 'changed'),
  );
});

test('others have their turn, and it can be interrupted', async () => {
  const turned = await accountInTurns(OLD, [keyed()], {}, undefined);
  expect(turned.records.map(({ status }) => status)).toEqual(found);
  await expect(accountInTurns(OLD, [keyed()], {}, AbortSignal.abort())).rejects.toMatchObject({ code: 'INTERRUPTED' });
});
