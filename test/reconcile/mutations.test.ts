import { expect, test } from 'vitest';
import { account } from '../../src/core/reconcile/account.ts';
import { type Deployment, LAYOUTS, makeDeployments, recordsOf } from '../support/deployment-records.ts';
import { stride } from '../support/effort.ts';
import { OTHER_LAYOUTS } from '../support/other-layouts.ts';
import { HARMLESS, mapDocuments, mutate, MUTATIONS, notAccountedFor } from '../support/record-mutations.ts';

const ALL = makeDeployments(28);
const OLD = recordsOf(ALL);
const TRIED: typeof LAYOUTS = {
  ...LAYOUTS,
  'one object keyed network/name': OTHER_LAYOUTS['one object keyed network/name'] ?? (() => []),
};
/** Of each change so many are tried in each layout, other ones in each, and all by `npm run bench:reconcile`. */
const TRIED_OF_EACH = 5;

/** Whether two of these have one name: a layout may have one entry for both, and then the other one is lost, too. */
function hasOneNameTwice(deployments: readonly Deployment[]): boolean {
  const names = new Set(deployments.map(({ networkName, contractName }) => `${networkName} ${contractName}`));
  return names.size < deployments.length;
}

test.each(Object.entries(TRIED))('%s: nothing is lost, and nothing is blamed', (_, layout) => {
  expect(new Set(account(OLD, layout(ALL)).records.map(({ status }) => status))).toEqual(new Set(['found']));
});

const CASES = Object.keys(TRIED).flatMap((layout) => Object.keys(MUTATIONS).map((change) => [layout, change] as const));

test.each(CASES)('%s: %s, and exactly that record is named', (layout, change) => {
  const all = (MUTATIONS[change]?.(ALL) ?? []).filter((one) => !hasOneNameTwice(mutate(ALL, [one])));
  const every = stride(Math.floor(all.length / TRIED_OF_EACH));
  const cases = all.filter((_, at) => at % every === Object.keys(TRIED).indexOf(layout) % every);
  for (const one of cases) {
    const bad = notAccountedFor(account(OLD, TRIED[layout]?.(mutate(ALL, [one])) ?? []));
    expect([...bad]).toEqual(one.records);
  }
  expect(cases.length).toBeGreaterThanOrEqual(TRIED_OF_EACH);
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
