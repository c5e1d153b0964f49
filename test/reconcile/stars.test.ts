import { describe, expect, test } from 'vitest';
import { notFound, OldState } from '../support/old-state.ts';

/* A value that stands at another record's place must not teach the place that excuses it. */

const digits = (seed: number): string => `0x${String(seed).padStart(40, 'c')}`;
const NETWORKS = ['bsc', 'eth', 'base', 'gnosis'];
const CONTRACTS = ['Token', 'Vault', 'Oracle', 'Router', 'Gate'];

interface Contract {
  readonly network: string;
  readonly contract: string;
  address: string;
  tx: string;
  block: number;
}

const makeContracts = (): Contract[] =>
  NETWORKS.flatMap((network, at) =>
    CONTRACTS.map((contract, of) => {
      const number = at * 10 + of;
      return { network, contract, address: digits(number), tx: digits(100 + number), block: 30_000_000 + number };
    }),
  );
const keyOf = (at: number): string => `${NETWORKS[Math.floor(at / 5)]}/${CONTRACTS[at % 5]}`;
const recordsOf = (all: readonly Contract[]) => Object.fromEntries(all.map((each, at) => [keyOf(at), { ...each }]));

/** One object for each network, with a field that has another name. */
function nested(all: readonly Contract[]): Record<string, Record<string, unknown>> {
  const made: Record<string, Record<string, unknown>> = {};
  for (const { network, contract, address, tx, block } of all)
    (made[network] ??= {})[contract] = { address, hash: tx, block };
  return made;
}

function swap(all: Contract[], one: number, two: number, fields: readonly ('address' | 'tx' | 'block')[]): void {
  const [a, b] = [all[one], all[two]];
  if (a === undefined || b === undefined) throw new Error('no such record');
  for (const field of fields) Object.assign(a, { [field]: b[field] }, void Object.assign(b, { [field]: a[field] }));
}

describe('an object for each network, in which values of two networks are exchanged', () => {
  test.each([
    ['one field of one contract', [0], ['address']],
    ['one field that has another name', [1], ['tx']],
    ['one field of all contracts', [0, 1, 2, 3, 4], ['address']],
    ['all fields of one contract', [2], ['address', 'tx', 'block']],
    ['all fields of all contracts', [0, 1, 2, 3, 4], ['address', 'tx', 'block']],
  ] as const)('%s', async (_, which, fields) => {
    const all = makeContracts();
    using old = await OldState.of(recordsOf(all));
    for (const at of which) swap(all, at, CONTRACTS.length + at, fields);
    old.put('out.json', nested(all));
    const report = await old.reconcile({ strict: true });
    const lost = which.flatMap((at) => [keyOf(at), keyOf(CONTRACTS.length + at)]);
    expect(Object.keys(notFound(report)).toSorted()).toEqual(lost.toSorted());
    // What --write-rules writes.
    expect(JSON.stringify(report.places)).not.toContain('*');
  });

  test('nothing', async () => {
    using old = await OldState.of(recordsOf(makeContracts()));
    old.put('out.json', nested(makeContracts()));
    expect(notFound(await old.reconcile({ strict: true }))).toEqual({});
  });
});

test('a group that no field names is still any of them', async () => {
  const all = makeContracts();
  using old = await OldState.of(recordsOf(all));
  const [core, more] = [all.filter((_, at) => at % 3 > 0), all.filter((_, at) => at % 3 === 0)];
  const groups: Record<string, unknown> = {};
  for (const network of NETWORKS) {
    const of = (some: readonly Contract[]) => nested(some.filter((each) => each.network === network))[network];
    groups[network] = { core: of(core), more: of(more) };
  }
  old.put('out.json', groups);
  expect(notFound(await old.reconcile({ strict: true }))).toEqual({});
});

test.each([
  ['two fields', 'address', 'tx'],
  ['a field that has another name', 'address', 'sender'],
])('each value in an object of its own, with %s exchanged in one record', async (_, one, two) => {
  const records: Record<string, Record<string, unknown>> = {};
  for (const [at, { address, tx }] of makeContracts().entries())
    records[keyOf(at)] = { address, tx, owner: digits(200 + (at % 3)), sender: digits(200 + ((at * 7) % 3)) };
  using old = await OldState.of(records);
  const wrapped = Object.entries(records).map(([key, record], at) => {
    const now = at === 5 ? { ...record, [one]: record[two], [two]: record[one] } : record;
    const fields = Object.entries(now).map(([field, value]) => [field === 'sender' ? 'by' : field, { value, rev: 1 }]);
    return [key, Object.fromEntries(fields)] as const;
  });
  old.put('out.json', Object.fromEntries(wrapped));
  expect(Object.keys(notFound(await old.reconcile({ strict: true })))).toEqual([keyOf(5)]);
});
