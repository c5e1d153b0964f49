import { isTelling } from '../records/normal-form.ts';
import type { NodeFinder } from './find-nodes.ts';
import type { OldValues } from './old-values.ts';
import { hasInKey, isNamedByKey, isOwn, parsePlace, type Place } from './place.ts';
import type { Proposals, Voter } from './propose-places.ts';
import { Proofs } from './self-proof.ts';
import { StarPatterns } from './star-patterns.ts';
import { type Field, isMost, share, type Tried, tryPlace, type Vote } from './try-place.ts';
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
      telling: forms.length / mine.length,
      isConstant: forms.length === 1,
      isTelling: forms.some((form) => isTelling(old.forms.texts[form] ?? '')),
    };
  });
  const taken = new Taken(units);
  const kept = new Map<number, readonly Place[]>();
  const proofs = new Proofs(units, fields);
  for (const field of fields.map((each) => proofs.proven(each)).toSorted(byEvidence)) {
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
  return (
    Number(isTrivial(a)) - Number(isTrivial(b)) ||
    b.fit - a.fit ||
    depth(a) - depth(b) ||
    b.telling - a.telling ||
    b.quality - a.quality
  );
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

/** The best place, and others for the records that have nothing there. */
function keep(field: Field, taken: Taken): Tried[] {
  const { votes, name } = field;
  const sure = field.tried.filter((each) => isEvidence(field, each, taken)).toSorted((a, b) => b.quality - a.quality);
  const free = sure.filter((each) => !taken.has(field, each));
  // Another record can have the same value: the own object comes first.
  const beside = new Set(free.filter((each) => taken.isBeside(field, each)));
  const good = free
    .filter((each) => share(each) >= HOLDS)
    .toSorted((a, b) => Number(beside.has(b)) - Number(beside.has(a)));
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
