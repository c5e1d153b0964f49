/**
 * `npm run bench:reconcile [-- 28]`: what `reconcile` says about a made-up project when the new state is changed, in each layout. Prints Markdown. Of 28
 * records every case is tried, one at a time; of 5,000 a sample, 50 at a time, and only in the layouts that the code was written for.
 */
import { account, type NewDocument } from '../src/core/reconcile/account.ts';
import { type Deployment, LAYOUTS, makeDeployments, recordsOf } from '../test/support/deployment-records.ts';
import {
  groupCases,
  HARMLESS,
  mapDocuments,
  mutate,
  MUTATIONS,
  notAccountedFor,
} from '../test/support/record-mutations.ts';
import { OTHER_LAYOUTS } from '../test/support/other-layouts.ts';

const SEED = 18;
const SIZES = [
  { records: 28, most: Infinity, together: 1 },
  { records: 5000, most: 200, together: 50 },
];

type Size = (typeof SIZES)[number];
type Layout = (deployments: readonly Deployment[]) => NewDocument[];

/** Records that are not accounted for when nothing is changed do not count, neither as named nor as blamed. */
function rowOf(all: readonly Deployment[], layout: Layout, mutation: string, { most, together }: Size): string {
  const old = recordsOf(all);
  const clean = notAccountedFor(account(old, layout(all)));
  const cases = (MUTATIONS[mutation]?.(all) ?? []).filter(({ records }) => !records.some((at) => clean.has(at)));
  let [tried, named, runs, blamed] = [0, 0, 0, 0];
  for (const group of groupCases(cases, most, together, SEED)) {
    const bad = notAccountedFor(account(old, layout(mutate(all, group))));
    const expected = new Set(group.flatMap(({ records }) => records));
    tried += group.length;
    runs++;
    named += group.filter(({ records }) => records.every((at) => bad.has(at))).length;
    if ([...bad].some((at) => !expected.has(at) && !clean.has(at))) blamed++;
  }
  return `${tried} | ${percent(named, tried)} | ${blamed} of ${runs} |`;
}

const percent = (part: number, all: number): string => `${part} (${((100 * part) / Math.max(1, all)).toFixed(1)} %)`;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function printSize(size: Size): void {
  const { records, together } = size;
  const all = makeDeployments(records);
  const layouts: Readonly<Record<string, Layout>> = together === 1 ? { ...LAYOUTS, ...OTHER_LAYOUTS } : LAYOUTS;
  const old = recordsOf(all);
  const how = together === 1 ? 'every case, one at a time' : `a sample, ${together} cases at a time, seed ${SEED}`;
  print(`\n${records} records (${how})\n`);
  print('| layout | change | n | named | others blamed, in runs |\n|---|---|---|---|---|');
  for (const [name, layout] of Object.entries(layouts)) {
    const clean = notAccountedFor(account(old, layout(all))).size;
    print(`| ${name} | nothing | ${records} | ${clean} not accounted for | |`);
    for (const mutation of Object.keys(MUTATIONS))
      print(`| ${name} | ${mutation} | ${rowOf(all, layout, mutation, size)}`);
  }
  print('\n| layout | harmless change | records not accounted for |\n|---|---|---|');
  for (const [name, layout] of Object.entries(layouts))
    for (const [change, apply] of Object.entries(HARMLESS)) {
      const bad = notAccountedFor(account(old, mapDocuments(layout(all), apply)));
      print(`| ${name} | ${change} | ${bad.size} of ${records} |`);
    }
}

const only = process.argv[2];
for (const size of SIZES) if (only === undefined || Number(only) === size.records) printSize(size);
