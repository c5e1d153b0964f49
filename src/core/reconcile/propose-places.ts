import type { Chooser } from './choose.ts';
import { Generaliser, type Naming, PREFERENCES } from './generalise.ts';
import { SCALAR } from './new-nodes.ts';
import type { OldValue, OldValues } from './old-values.ts';
import { RecordNames } from './record-names.ts';
import type { Renames } from './renames.ts';
import type { Standing, Units } from './units.ts';

/** A value that stands more often in a unit is looked for near the others of its record only. */
const MAX_STANDINGS = 16;
/** An object of so many nodes is looked through; of a larger one only what is directly in it, if that is as few. */
const MAX_NEAR = 300;
const MAX_PATTERNS = 5000;
const MAX_OF_KIND = 300;
const MAX_SAMPLE = 5000;

/** Field -> pattern -> the records that stand there; positions in `Voters`. */
export type Proposals = Map<number, Map<string, Set<number>>>;

export interface Voter {
  readonly record: number;
  readonly unit: number;
  readonly names: RecordNames;
}

/** Some records of each kind, that is, with the same fields: evenly spread, and as many of each kind as there may be. */
export function sampleRecords(old: OldValues): number[] {
  const kinds = new Map<string, number[]>();
  for (const record of old.records.keys()) {
    const fields = new Set(old.valuesOf(record).map(({ field }) => field));
    const kind = [...fields].join(' ');
    const alike = kinds.get(kind);
    if (alike === undefined) kinds.set(kind, [record]);
    else alike.push(record);
  }
  const each = Math.max(1, Math.min(MAX_OF_KIND, Math.floor(MAX_SAMPLE / kinds.size)));
  const sample = [...kinds.values()].flatMap((alike) => spread(alike, each));
  return spread(sample, MAX_SAMPLE).toSorted((a, b) => a - b);
}

function spread(records: readonly number[], most: number): number[] {
  if (records.length <= most) return [...records];
  return Array.from({ length: most }, (_, at) => records[Math.floor((at * records.length) / most)] ?? 0);
}

/** The records that vote on places: those of which one unit holds at least half. */
export function findVoters(
  old: OldValues,
  chooser: Chooser,
  renames: Renames,
  sample: readonly number[],
  least: number,
): Voter[] {
  const voters: Voter[] = [];
  for (const record of sample) {
    const { units, held } = chooser.choose(record);
    const [unit] = units;
    if (unit !== undefined && held >= least)
      voters.push({ record, unit, names: new RecordNames(old, record, renames) });
  }
  return voters;
}

/** Where values of the voters stand, said by what the records have in common with the keys on the way. */
export function proposePlaces(
  old: OldValues,
  units: Units,
  renames: Renames,
  voters: readonly Voter[],
  naming: Naming,
): Proposals {
  const proposals: Proposals = new Map();
  for (const [at, { unit, names }] of voters.entries()) {
    const generalisers = PREFERENCES.map((preference) => new Generaliser(names, preference, naming));
    const near = nodesNear(units, unit, names.values);
    for (const value of names.values) {
      const patterns = proposals.get(value.field) ?? new Map<string, Set<number>>();
      proposals.set(value.field, patterns);
      const standing = standingsOf(units, renames, unit, value, near).map(({ node }) => node);
      const name = `{${old.fields.texts[value.field] ?? ''}}`;
      for (const generaliser of generalisers)
        for (const node of standing.length > 0 ? standing : keysWith(units, near, generaliser, name))
          support(patterns, patternOf(units, unit, node, generaliser, value), at);
    }
  }
  return proposals;
}

function support(patterns: Map<string, Set<number>>, pattern: string | null, voter: number): void {
  if (pattern === null) return;
  const supporters = patterns.get(pattern);
  if (supporters !== undefined) supporters.add(voter);
  else if (patterns.size < MAX_PATTERNS) patterns.set(pattern, new Set([voter]));
}

/** The nodes whose keys have a name of the record in them, beside other text. */
function keysWith(units: Units, near: ReadonlySet<number>, generaliser: Generaliser, name: string): number[] {
  const { nodes } = units;
  return [...near].filter((node) => {
    if (nodes.kindOf(node) === SCALAR) return false;
    return generaliser.generalise(nodes.keyTextOf(node))?.includes(name) === true;
  });
}

function standingsOf(
  units: Units,
  renames: Renames,
  unit: number,
  { field, form }: OldValue,
  near: ReadonlySet<number>,
): Standing[] {
  const renamed = renames.formOf(field, form);
  const found: Standing[] = [];
  for (const each of renamed < 0 ? [form] : [form, renamed]) {
    for (let at = unit; at >= 0; at = units.parentOf(at)) {
      const standings = units.standings(each, at, MAX_STANDINGS + 1);
      if (standings.length <= MAX_STANDINGS) found.push(...standings);
    }
    if (found.length > 0) continue;
    for (const node of near) {
      if (units.nodes.formOf(node) === each) found.push({ node, isKey: false });
      if (units.nodes.keyFormOf(node) === each) found.push({ node, isKey: true });
    }
  }
  return found;
}

/** What stands around the rare values of a record. */
function nodesNear(units: Units, unit: number, values: readonly OldValue[]): Set<number> {
  const { nodes } = units;
  const near = new Set<number>();
  const seen = new Set<number>();
  for (const { form } of values) {
    const standings = units.standings(form, unit, MAX_STANDINGS + 1);
    if (standings.length > MAX_STANDINGS) continue;
    for (const { node } of standings)
      for (let outer = node; outer >= 0 && !seen.has(outer); outer = nodes.parentOf(outer)) {
        seen.add(outer);
        near.add(outer);
        for (const each of around(units, outer)) near.add(each);
      }
  }
  return near;
}

function around(units: Units, outer: number): number[] {
  const { nodes } = units;
  const end = nodes.endOf(outer);
  const found: number[] = [];
  if (end - outer <= MAX_NEAR) {
    for (let node = outer + 1; node < end; node++) found.push(node);
    return found;
  }
  let seen = 0;
  for (const child of nodes.inside(outer)) {
    if (++seen > MAX_NEAR) return [];
    if (nodes.kindOf(child) === SCALAR) found.push(child);
  }
  return found;
}

/** Null if no pattern can say it. */
function patternOf(
  units: Units,
  unit: number,
  node: number,
  generaliser: Generaliser,
  { path }: OldValue,
): string | null {
  const { nodes } = units;
  let pattern = '';
  let position = 0;
  const roots = new Set<number>();
  for (let each = unit; each >= 0; each = units.parentOf(each)) roots.add(units.rootOf(each));
  for (const each of nodes.wayTo(node)) {
    const key = nodes.keyTextOf(each);
    const isPosition = nodes.isAtPosition(each);
    let part = isPosition ? key : generaliser.generalise(key);
    if (part === null) return null;
    if (roots.has(each) && !part.includes('{')) part = '*';
    else if (isPosition && key === path.positions[position]) {
      part = '#';
      position++;
    }
    pattern += `/${part}`;
  }
  return pattern;
}
