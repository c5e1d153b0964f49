import { isTelling } from '../records/normal-form.ts';
import type { NodeFinder } from './find-nodes.ts';
import type { OldValues } from './old-values.ts';
import { fitOf, hasInKey, isNamedByKey, isOwn, parsePlace, type Place } from './place.ts';
import type { Proposals, Voter } from './propose-places.ts';
import { StarPatterns } from './star-patterns.ts';
import type { Units } from './units.ts';

/** A place is kept if it holds for this share of the records that have one. */
const HOLDS = 0.75;
/** Without such a place the best one is kept from this share on: that its values are other ones now is worth saying. */
const HOLDS_AT_LEAST = 0.4;
/** More records than one must agree on a place, as far as there are more. */
const SUPPORT = 2;
const MAX_TRIED = 60;
/** A further place of a field has to hold for this share of its records that have nothing at the places before. */
const FURTHER = 0.005;
/** A place is another field's if that one has this share of the values that stand there. */
const MOST = 0.5;

/** A value of a voter that has the field. */
interface Vote {
  readonly voter: Voter;
  readonly form: number;
  readonly positions: readonly string[];
}

interface Tried {
  readonly place: Place;
  /** Positions in the votes: those with something at the place, and those with their value, each with the node that has it. */
  readonly hits: ReadonlySet<number>;
  readonly holds: ReadonlyMap<number, number>;
  readonly quality: number;
  /** How many parts at its end are called as those of the field. */
  readonly fit: number;
}

/** A field and what was tried for it. */
interface Field {
  readonly number: number;
  readonly name: string;
  readonly votes: readonly Vote[];
  readonly tried: readonly Tried[];
  readonly fit: number;
  readonly quality: number;
  /** Whether all records have the same value. */
  readonly isConstant: boolean;
  /** Whether a value is more than null, a boolean or a small number. */
  readonly isTelling: boolean;
}

/**
 * Field -> the places that hold for most records, best first. Fields that have none are left out. What stands somewhere is one field's: if that has its place
 * there, it is no evidence for another field of the same record, which may be gone.
 */
export function learnPlaces(
  old: OldValues,
  units: Units,
  finder: NodeFinder,
  proposals: Proposals,
  voters: readonly Voter[],
): Map<number, readonly Place[]> {
  const votes = votesByField(voters);
  const stars = new StarPatterns(units, proposals, voters);
  const fields = [...proposals.keys()].map((number): Field => {
    const mine = votes.get(number) ?? [];
    const name = old.fields.texts[number] ?? '';
    const records = new Set(mine.map(({ voter }) => voter.record)).size;
    const tried = candidates(stars.of(number, name), records, name)
      .map((place) => tryPlace(units, finder, place, name, mine))
      .filter(({ hits }) => hits.size > 0);
    const holding = tried.filter((each) => share(each) >= HOLDS_AT_LEAST);
    const forms = [...new Set(mine.map(({ form }) => form))];
    return {
      number,
      name,
      votes: mine,
      tried,
      fit: Math.max(0, ...holding.map(({ fit }) => fit)),
      quality: Math.max(0, ...tried.map(({ quality }) => quality)) / mine.length,
      isConstant: forms.length === 1,
      isTelling: forms.some((form) => isTelling(old.forms.texts[form] ?? '')),
    };
  });
  const taken = new Taken(units);
  const kept = new Map<number, readonly Place[]>();
  for (const field of fields.toSorted(byEvidence)) {
    const mine = keep(field, taken);
    for (const each of mine) taken.take(field, each);
    if (mine.length > 0)
      kept.set(
        field.number,
        mine.map(({ place }) => place),
      );
  }
  const places = new Map<number, readonly Place[]>();
  for (const { number } of fields) {
    const mine = kept.get(number);
    if (mine !== undefined) places.set(number, mine);
  }
  return places;
}

/** The fields whose places say most come first: those whose values tell records apart, then those that are called as their places are. */
function byEvidence(a: Field, b: Field): number {
  const depth = ({ name }: Field): number => name.split('/').length;
  return Number(isTrivial(a)) - Number(isTrivial(b)) || b.fit - a.fit || depth(a) - depth(b) || b.quality - a.quality;
}

/** Whether the values of a field stand everywhere, or are the same for all records, so that finding one somewhere says little. */
function isTrivial({ isConstant, isTelling }: Field): boolean {
  return isConstant || !isTelling;
}

/** What stands at the places of fields that are known already. */
class Taken {
  readonly #units: Units;
  /** Standings of records, as numbers. */
  readonly #standings = new Set<number>();
  /** Objects in which records have values that tell them apart, as numbers. */
  readonly #homes = new Set<number>();

  constructor(units: Units) {
    this.#units = units;
  }

  take(field: Field, { place, holds }: Tried): void {
    const isInKey = hasInKey(place, field.name);
    for (const [at, node] of holds) {
      const vote = field.votes[at];
      if (vote === undefined) continue;
      // Several values can be parts of one key.
      if (!isInKey) this.#standings.add(this.#standing(vote, node));
      if (!isTrivial(field)) this.#homes.add(this.#home(vote, node));
    }
  }

  /** Whether most of what stands at a place is another field's. */
  has({ votes, name }: Field, { place, holds }: Tried): boolean {
    return (
      !hasInKey(place, name) && isMost(votes, holds, (vote, node) => this.#standings.has(this.#standing(vote, node)))
    );
  }

  /** Whether most of what stands at a place is beside what tells its record apart. */
  isBeside({ votes }: Field, { holds }: Tried): boolean {
    return isMost(votes, holds, (vote, node) => this.#homes.has(this.#home(vote, node)));
  }

  #standing({ voter, form }: Vote, node: number): number {
    const isKey = this.#units.nodes.formOf(node) !== form;
    return (voter.record * this.#units.nodes.length + node) * 2 + Number(isKey);
  }

  #home({ voter }: Vote, node: number): number {
    return voter.record * (this.#units.nodes.length + 1) + this.#units.nodes.parentOf(node) + 1;
  }
}

function isMost(votes: readonly Vote[], holds: Tried['holds'], is: (vote: Vote, node: number) => boolean): boolean {
  let count = 0;
  for (const [at, node] of holds) {
    const vote = votes[at];
    if (vote !== undefined && is(vote, node)) count++;
  }
  return count > 0 && count >= holds.size * MOST;
}

function votesByField(voters: readonly Voter[]): Map<number, Vote[]> {
  const votes = new Map<number, Vote[]>();
  for (const voter of voters)
    for (const { field, form, path } of voter.names.values) {
      const mine = votes.get(field) ?? [];
      votes.set(field, mine);
      mine.push({ voter, form, positions: path.positions });
    }
  return votes;
}

/** The patterns that most records support. */
function candidates(patterns: ReadonlyMap<string, ReadonlySet<number>>, records: number, field: string): Place[] {
  const places: Place[] = [];
  for (const [pattern, { size: support }] of [...patterns].sort((a, b) => b[1].size - a[1].size)) {
    if (support < SUPPORT && records >= SUPPORT) break;
    const place = parsePlace(pattern);
    if (typeof place === 'string') continue;
    // What only one record says must at least be called as the field is.
    if (support >= SUPPORT || isOwn(place, field)) places.push(place);
    if (places.length === MAX_TRIED) break;
  }
  return places;
}

function tryPlace(units: Units, finder: NodeFinder, place: Place, field: string, votes: readonly Vote[]): Tried {
  const isInKey = hasInKey(place, field);
  const [hits, holds, holders] = [new Set<number>(), new Map<number, number>(), new Set<number>()];
  for (const [at, { voter, form, positions }] of votes.entries()) {
    const nodes = finder.find(place, voter.names, positions, voter.unit);
    if (nodes.length > 0) hits.add(at);
    const holder = isInKey ? nodes[0] : nodes.find((node) => standsAt(units, node, form));
    if (holder === undefined) continue;
    holds.set(at, holder);
    holders.add(holder);
  }
  const own = holders.size / Math.max(1, holds.size);
  const quality = hits.size === 0 ? 0 : holds.size * (holds.size / hits.size) * likeness(place, field, own);
  return { place, hits, holds, quality, fit: fitOf(place, field) };
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

const share = ({ hits, holds }: Tried): number => holds.size / hits.size;

/** The best place, and others for the records that have nothing there. */
function keep(field: Field, taken: Taken): Tried[] {
  const { votes, name } = field;
  const sure = field.tried.filter((each) => isEvidence(field, each, taken)).toSorted((a, b) => b.quality - a.quality);
  const free = sure.filter((each) => !taken.has(field, each));
  const good = free.filter((each) => share(each) >= HOLDS);
  const [best] = good;
  if (best === undefined)
    return free.filter((each) => share(each) >= HOLDS_AT_LEAST && each.holds.size >= SUPPORT).slice(0, 1);
  // Of a field that is there, some values may have been folded into another field.
  const folded = isOwn(best.place, name) ? sure.filter((each) => share(each) >= HOLDS && !free.includes(each)) : [];
  const kept: Tried[] = [];
  const covered = new Set<number>();
  for (const each of [...good, ...folded]) {
    const fresh = [...each.holds.keys()].filter((at) => !covered.has(at)).length;
    if (kept.length > 0 && fresh < Math.max(SUPPORT, FURTHER * votes.length)) continue;
    kept.push(each);
    for (const at of each.hits) covered.add(at);
  }
  return kept;
}

/** Whether it says something that the values of a field stand at a place. If they stand everywhere, or are all the same, the place has to be called so or to be beside the others. */
function isEvidence(field: Field, tried: Tried, taken: Taken): boolean {
  if (!isTrivial(field) || taken.isBeside(field, tried)) return true;
  const { place } = tried;
  if (field.name.split('/').every((part) => part === '' || part === '#')) return isNamedByKey(place);
  // One `version: 1` for all records is the file's.
  return isOwn(place, field.name) && (place.hasNames || field.isTelling || !field.isConstant);
}
