import { describe, expect, test } from 'vitest';
import type { Deployment } from '../../src/core/model/recorded-deployments.ts';
import { compareDeployments, countDeployments, lostDeployments } from '../../src/core/records/compare-deployments.ts';
import { brief } from './support/recorded-in.ts';

const A = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';
const B = '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359';
const C = '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB';

const at = (chainId: string, name: string | null, address: string, more: Partial<Deployment> = {}): Deployment => ({
  chainId,
  address,
  name,
  format: 'unified',
  file: 'a.json',
  pointer: `/${name}`,
  ...more,
});

test('an address counts once a chain, and the chains of this machine are marked', () => {
  const recorded = [
    at('56', 'T', A),
    at('56', null, A.toLowerCase()),
    at('unknown', 'T', A),
    at('31337', 'T', B),
    at('1', 'T', B),
  ];
  const { addresses, chains } = countDeployments(recorded);
  expect(addresses).toBe(4);
  expect(Object.entries(chains)).toEqual([
    ['1', { addresses: 1, local: false }],
    ['56', { addresses: 1, local: false }],
    ['31337', { addresses: 1, local: true }],
    ['unknown', { addresses: 1, local: false }],
  ]);
});

describe('compared', () => {
  const compare = (before: readonly Deployment[], after: readonly Deployment[]) => {
    const { added, removed, changed } = compareDeployments(before, after);
    const pairs = changed.map((pair) => brief([pair.before, pair.after]).join(' -> '));
    return { added: brief(added), removed: brief(removed), changed: pairs };
  };
  const NOTHING = { added: [], removed: [], changed: [] };

  test('another file, another case, a second copy: nothing differs', () => {
    const now = [at('1', 'T', A.toLowerCase(), { file: 'b.json' }), at('1', 'T', A)];
    expect(compare([at('1', 'T', A)], now)).toEqual(NOTHING);
    expect(compare(now, [at('1', 'T', A)])).toEqual(NOTHING);
  });

  test('added, removed, moved to another chain', () => {
    expect(compare([at('1', 'T', A), at('1', 'U', B)], [at('56', 'T', A), at('1', 'U', B), at('1', 'V', C)])).toEqual({
      added: [`56 T ${A}`, `1 V ${C}`],
      removed: [`1 T ${A}`],
      changed: [],
    });
  });

  test('changed: another address under the name, another name for the address, another implementation', () => {
    const before = [at('1', 'T', A), at('1', 'U', B), at('1', 'P', C, { proxy: C, implementation: A })];
    const after = [
      at('1', 'T', '0x52908400098527886E0F7030069857D2E4169EE7'),
      at('1', 'V', B),
      at('1', 'P', C, { proxy: C, implementation: B }),
    ];
    expect(compare(before, after)).toEqual({
      added: [],
      removed: [],
      changed: [
        `1 P ${C} -> 1 P ${C}`,
        `1 U ${B} -> 1 V ${B}`,
        `1 T ${A} -> 1 T 0x52908400098527886E0F7030069857D2E4169EE7`,
      ],
    });
  });

  test('two addresses without names are never taken for one that changed', () => {
    expect(compare([at('1', null, A)], [at('1', null, B)])).toEqual({
      added: [`1 - ${B}`],
      removed: [`1 - ${A}`],
      changed: [],
    });
  });

  test('if several are under one name, none is taken for another', () => {
    expect(compare([at('1', 'T', A), at('1', 'T', B)], [at('1', 'T', C)])).toEqual({
      added: [`1 T ${C}`],
      removed: [`1 T ${A}`, `1 T ${B}`],
      changed: [],
    });
  });
});

describe('lost', () => {
  const lost = (before: readonly Deployment[], after: readonly Deployment[]) => brief(lostDeployments(before, after));

  test('what no record has on that chain', () => {
    expect(lost([at('1', 'T', A), at('1', 'U', B)], [at('1', 'U', B)])).toEqual([`1 T ${A}`]);
    // A fork run that overwrites a registry: its name is there, its address is not.
    expect(lost([at('1', 'T', A)], [at('1', 'T', B)])).toEqual([`1 T ${A}`]);
    expect(lost([at('1', 'T', A)], [at('56', 'T', A)])).toEqual([`1 T ${A}`]);
    expect(lost([at('1', 'T', A), at('1', 'T', A, { file: 'b.json' })], [])).toEqual([`1 T ${A}`]);
  });

  test('not what is recorded elsewhere, in another case or under another name', () => {
    expect(lost([at('1', 'M#T', A)], [at('1', 'T', A.toLowerCase(), { file: 'b.json' })])).toEqual([]);
    expect(lost([at('1', null, A)], [at('1', 'T', A)])).toEqual([]);
    expect(lost([at('1', null, A)], [at('1', 'T', B, { implementation: A })])).toEqual([]);
  });

  test('a record without a name does not stand in for one with a name', () => {
    expect(lost([at('1', 'T', A)], [at('1', null, A)])).toEqual([`1 T ${A}`]);
    expect(lost([at('1', 'T', A)], [at('1', 'U', B, { implementation: A })])).toEqual([`1 T ${A}`]);
  });

  test('local chains do not count; an unknown chain is live, and any chain will do for it', () => {
    expect(lost([at('31337', 'T', A), at('1337', 'T', A)], [])).toEqual([]);
    expect(lost([at('unknown', 'T', A)], [])).toEqual([`unknown T ${A}`]);
    expect(lost([at('unknown', 'T', A)], [at('56', 'T', A)])).toEqual([]);
    expect(lost([at('56', 'T', A)], [at('unknown', 'T', A)])).toEqual([`56 T ${A}`]);
  });
});
