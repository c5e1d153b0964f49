import { expect, test } from 'vitest';
import { account } from '../../src/core/reconcile/account.ts';
import { LAYOUTS, makeDeployments, recordsOf } from '../support/deployment-records.ts';
import { OTHER_LAYOUTS } from '../support/other-layouts.ts';
import { groupCases, HARMLESS, mapDocuments, mutate, MUTATIONS, notAccountedFor } from '../support/record-mutations.ts';

const ALL = makeDeployments(28);
const OLD = recordsOf(ALL);
const TRIED: typeof LAYOUTS = {
  ...LAYOUTS,
  'one object keyed network/name': OTHER_LAYOUTS['one object keyed network/name'] ?? (() => []),
};
/** Each record is dropped; of the other changes so many are tried here, and all by `npm run bench:reconcile`. */
const MOST = 14;
const DROPPED = 'each record dropped';

test.each(Object.entries(TRIED))('%s: nothing is lost, and nothing is blamed', (_, layout) => {
  expect(new Set(account(OLD, layout(ALL)).records.map(({ status }) => status))).toEqual(new Set(['found']));
});

const CASES = Object.keys(TRIED).flatMap((layout) => Object.keys(MUTATIONS).map((change) => [layout, change] as const));

test.each(CASES)('%s: %s, and exactly that record is named', (layout, change) => {
  const groups = groupCases(MUTATIONS[change]?.(ALL) ?? [], change === DROPPED ? ALL.length : MOST, 1, 18);
  let [named, blamed] = [0, 0];
  for (const [one] of groups) {
    if (one === undefined) continue;
    const bad = notAccountedFor(account(OLD, TRIED[layout]?.(mutate(ALL, [one])) ?? []));
    if (one.records.every((at) => bad.has(at))) named++;
    if ([...bad].some((at) => !one.records.includes(at))) blamed++;
  }
  expect(groups.length).toBeGreaterThanOrEqual(MOST);
  expect(named / groups.length).toBeGreaterThanOrEqual(change === DROPPED ? 0.99 : 0.97);
  expect(blamed / groups.length).toBeLessThanOrEqual(0.01);
});

const FINE = Object.keys(TRIED).flatMap((layout) => Object.keys(HARMLESS).map((change) => [layout, change] as const));

test.each(FINE)('%s: %s is no loss', (layout, change) => {
  const documents = mapDocuments(TRIED[layout]?.(ALL) ?? [], HARMLESS[change] ?? ((value) => value));
  expect(notAccountedFor(account(OLD, documents))).toEqual(new Set());
});

test('a dropped record is called missing, not changed', () => {
  for (const [name, layout] of Object.entries(TRIED))
    for (const at of [0, 9, 17, 27]) {
      const { records } = account(OLD, layout(ALL.toSpliced(at, 1)));
      expect(records[at]?.status, name).toBe('missing');
    }
});

test('many that are dropped at once are named, and no other one', () => {
  const dropped = ALL.flatMap((_, at) => (at % 4 === 1 ? [at] : []));
  for (const [name, layout] of Object.entries(TRIED)) {
    const bad = notAccountedFor(account(OLD, layout(ALL.filter((_, at) => at % 4 !== 1))));
    expect([...bad], name).toEqual(dropped);
  }
});
