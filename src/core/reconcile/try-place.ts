import type { NodeFinder } from './find-nodes.ts';
import { fitOf, hasInKey, isOwn, type Place } from './place.ts';
import type { Voter } from './propose-places.ts';
import type { Units } from './units.ts';

/** Of what stands at a place, so much is most. */
const MOST = 0.5;

/** A value of a voter that has the field. */
export interface Vote {
  readonly voter: Voter;
  readonly form: number;
  readonly positions: readonly string[];
}

export interface Tried {
  readonly place: Place;
  /** Positions in the votes: those with something at the place, and those with their value, each with the node that has it. */
  readonly hits: ReadonlySet<number>;
  readonly holds: ReadonlyMap<number, number>;
  readonly quality: number;
  /** How many parts at its end are called as those of the field. */
  readonly fit: number;
}

/** A field and what was tried for it. */
export interface Field {
  readonly number: number;
  readonly name: string;
  readonly votes: readonly Vote[];
  readonly tried: readonly Tried[];
  readonly fit: number;
  readonly quality: number;
  /** How many different values there are, as a share of the votes. */
  readonly telling: number;
  /** Whether all records have the same value. */
  readonly isConstant: boolean;
  /** Whether a value is more than null, a boolean or a small number. */
  readonly isTelling: boolean;
}

export function tryPlace(units: Units, finder: NodeFinder, place: Place, field: string, votes: readonly Vote[]): Tried {
  const isInKey = hasInKey(place, field);
  const [hits, holds] = [new Set<number>(), new Map<number, number>()];
  for (const [at, { voter, form, positions }] of votes.entries()) {
    const nodes = finder.find(place, voter.names, positions, voter.unit);
    if (nodes.length > 0) hits.add(at);
    const holder = isInKey ? nodes[0] : nodes.find((node) => standsAt(units, node, form));
    if (holder !== undefined) holds.set(at, holder);
  }
  return { place, hits, holds, quality: qualityOf(place, field, hits, holds), fit: fitOf(place, field) };
}

export function qualityOf(place: Place, field: string, hits: Tried['hits'], holds: Tried['holds']): number {
  const own = new Set(holds.values()).size / Math.max(1, holds.size);
  return hits.size === 0 ? 0 : holds.size * (holds.size / hits.size) * likeness(place, field, own);
}

/**
 * How much a place looks like the one that is meant.
 * @param own the share of values that have a node of their own there: what is the same for all records, another record's place has, too
 */
function likeness(place: Place, field: string, own: number): number {
  const stars = place.parts.filter((part) => part === '*').length;
  let factor = (0.7 + 0.3 * own) * 0.97 ** stars * 0.99 ** place.parts.length;
  if (isOwn(place, field)) factor *= 1.15 * 1.02 ** fitOf(place, field);
  if (place.hasNames) factor *= 1.3;
  // The end of a value is all of it where nothing is before it: a place that says so is right for more records.
  if (place.pattern.includes('~last}')) factor *= 1.001;
  // A field says more to who reads the rules than a part of a key.
  if (place.pattern.includes('{key.')) factor *= 0.999;
  return factor;
}

/** Whether a value stands at a node, or is its key. */
export function standsAt(units: Units, node: number, form: number): boolean {
  return units.nodes.formOf(node) === form || units.nodes.keyFormOf(node) === form;
}

export const share = ({ hits, holds }: Tried): number => holds.size / hits.size;

export function isMost(
  votes: readonly Vote[],
  holds: Tried['holds'],
  is: (vote: Vote, node: number) => boolean,
): boolean {
  let count = 0;
  for (const [at, node] of holds) {
    const vote = votes[at];
    if (vote !== undefined && is(vote, node)) count++;
  }
  return count > 0 && count >= holds.size * MOST;
}
