import { escapePart } from '../records/json.ts';
import type { Chooser } from './choose.ts';
import { Generaliser, type Naming } from './generalise.ts';
import { LIST, OBJECT } from './new-nodes.ts';
import type { OldValues } from './old-values.ts';
import { RecordNames } from './record-names.ts';
import type { Renames } from './renames.ts';
import type { Units } from './units.ts';

/** A value that stands more often in a document does not say where in it its record is. */
const MAX_STANDINGS = 32;
const VOTE = 0.5;
/** So many of the records that vote must be held by one part. */
const AGREE = 0.75;
/** So many of them must be held by a part whose key does not name them. */
const UNNAMED = 0.25;
const WHOLE = 0.999;

/**
 * Makes units of the parts of documents that hold one record or a group of them: the objects of a list, and the objects at keys that are no names of
 * records. The records vote: a list is split if one object of it, with what stands outside of the list, holds all that the document has of a record. A list
 * that belongs to the records themselves stays whole that way.
 */
export function splitDocuments(
  old: OldValues,
  units: Units,
  chooser: Chooser,
  renames: Renames,
  naming: Naming,
  voters: readonly number[],
): void {
  const votes = new Map<string, Votes>();
  for (const record of voters) {
    const { units: best, held } = chooser.choose(record);
    const [unit] = best;
    if (unit === undefined || held < VOTE) continue;
    const generaliser = new Generaliser(new RecordNames(old, record, renames), 'values', naming);
    for (const ballot of ballots(old, units, chooser, record, unit)) count(votes, units, ballot, generaliser);
  }
  const chosen = new Set([...votes].filter(([, each]) => wins(each)).map(([pattern]) => pattern));
  if (chosen.size > 0) units.split(containersAt(units, chosen));
}

interface Votes {
  yes: number;
  no: number;
  /** Records that would say yes, but that the key of the part names: places can say that key without a unit of its own. */
  named: number;
  readonly isList: boolean;
  readonly winners: Set<number>;
}

/** What a record says about one container: how much of it the best child holds. */
interface Ballot {
  readonly container: number;
  readonly child: number;
  readonly isWhole: boolean;
}

function wins({ yes, no, named, isList, winners }: Votes): boolean {
  return yes >= AGREE * (yes + no) && yes >= UNNAMED * (yes + named) && (isList || winners.size > 1);
}

function count(votes: Map<string, Votes>, units: Units, ballot: Ballot, generaliser: Generaliser): void {
  const { container, child, isWhole } = ballot;
  const isList = units.nodes.kindOf(container) === LIST;
  const pattern = patternOf(units, container);
  const each = votes.get(pattern) ?? { yes: 0, no: 0, named: 0, isList, winners: new Set<number>() };
  votes.set(pattern, each);
  // A key that names the record is a better guide than what stands there.
  const key = units.nodes.keyTextOf(child);
  const isNamed = !isList && generaliser.generalise(key)?.includes('{') !== false;
  if (!isWhole) each.no++;
  else if (isNamed) each.named++;
  else each.yes++;
  if (isWhole) each.winners.add(units.nodes.keyOf(child));
}

/** The pointer of a node with `*` for positions and for keys of a database. */
function patternOf(units: Units, node: number): string {
  const { nodes } = units;
  const parts = nodes.wayTo(node).map((each) => {
    const parent = nodes.parentOf(each);
    // At the top of a database or of lines there is a key or a position for each document.
    const isPosition = parent < 0 || nodes.kindOf(parent) === LIST;
    return isPosition ? '*' : escapePart(nodes.keyTextOf(each));
  });
  return parts.map((part) => `/${part}`).join('');
}

function* ballots(old: OldValues, units: Units, chooser: Chooser, record: number, unit: number): Generator<Ballot> {
  const { nodes } = units;
  const forms = [...new Set(old.valuesOf(record).map(({ form }) => form))];
  const stands = forms
    .map((form) => ({ weight: chooser.weight(form), at: units.standings(form, unit, MAX_STANDINGS + 1) }))
    .filter(({ at }) => at.length > 0 && at.length <= MAX_STANDINGS);
  const total = stands.reduce((sum, { weight }) => sum + weight, 0);
  for (const [container, children] of containersOf(
    units,
    unit,
    stands.flatMap(({ at }) => at.map(({ node }) => node)),
  )) {
    const isList = nodes.kindOf(container) === LIST;
    const outside = (node: number): boolean => {
      if (isInside(units, node, container)) return false;
      // Of an object only what stands beside the way to it: another part of the document may belong to the record, too.
      return isList || isInside(units, container, nodes.parentOf(node));
    };
    let best = { child: -1, weight: -1 };
    for (const child of children) {
      const held = stands.filter(({ at }) => at.some(({ node }) => isInside(units, node, child) || outside(node)));
      const weight = held.reduce((sum, each) => sum + each.weight, 0);
      if (weight > best.weight) best = { child, weight };
    }
    yield { container, child: best.child, isWhole: best.weight >= WHOLE * total };
  }
}

/** Lists of objects or rows, and objects of objects, that have some of the nodes in them, with those of their objects that do. */
function containersOf(units: Units, unit: number, standing: readonly number[]): Map<number, Set<number>> {
  const { nodes } = units;
  const containers = new Map<number, Set<number>>();
  for (const start of standing) {
    for (let child = start; child !== units.rootOf(unit); child = nodes.parentOf(child)) {
      const container = nodes.parentOf(child);
      if (container < 0) break;
      // A list in a list is a row.
      if (nodes.kindOf(child) !== OBJECT && !(nodes.kindOf(child) === LIST && nodes.kindOf(container) === LIST))
        continue;
      const children = containers.get(container) ?? new Set();
      containers.set(container, children.add(child));
    }
  }
  return containers;
}

function isInside(units: Units, node: number, outer: number): boolean {
  return outer >= 0 && node >= outer && node < units.nodes.endOf(outer);
}

/** All nodes at these patterns, outer ones first. */
function containersAt(units: Units, patterns: ReadonlySet<string>): number[] {
  const { nodes } = units;
  const inner = new Set<string>(['']);
  for (const pattern of patterns)
    for (let at = pattern.indexOf('/', 1); at > 0; at = pattern.indexOf('/', at + 1)) inner.add(pattern.slice(0, at));
  const found: number[] = [];
  const visit = (node: number, pattern: string): void => {
    if (patterns.has(pattern)) found.push(node);
    if (!patterns.has(pattern) && !inner.has(pattern)) return;
    const isList = nodes.kindOf(node) === LIST;
    for (const child of nodes.inside(node))
      visit(child, `${pattern}/${isList ? '*' : escapePart(nodes.keyTextOf(child))}`);
  };
  for (const root of nodes.roots) visit(root, patternOf(units, root));
  return found;
}
