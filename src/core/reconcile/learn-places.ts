import type { NodeFinder } from './find-nodes.ts';
import type { OldValues } from './old-values.ts';
import { hasInKey, isOwn, parsePlace, type Place } from './place.ts';
import type { Proposals, Voter } from './propose-places.ts';
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

/** A value of a voter that has the field. */
interface Vote {
  readonly voter: Voter;
  readonly form: number;
  readonly positions: readonly string[];
}

interface Tried {
  readonly place: Place;
  /** Positions in the votes: those with something at the place, and those with their value. */
  readonly hits: ReadonlySet<number>;
  readonly holds: ReadonlySet<number>;
  readonly quality: number;
}

/** Field -> the places that hold for most records, best first. Fields that have none are left out. */
export function learnPlaces(
  old: OldValues,
  units: Units,
  finder: NodeFinder,
  proposals: Proposals,
  voters: readonly Voter[],
): Map<number, readonly Place[]> {
  const places = new Map<number, readonly Place[]>();
  const votes = votesByField(voters);
  for (const [field, patterns] of proposals) {
    const mine = votes.get(field) ?? [];
    const name = old.fields.texts[field] ?? '';
    const records = new Set(mine.map(({ voter }) => voter.record)).size;
    const tried = candidates(patterns, records, name)
      .map((place) => tryPlace(units, finder, place, name, mine))
      .filter(({ hits }) => hits.size > 0);
    const kept = keep(tried, mine.length);
    if (kept.length > 0) places.set(field, kept);
  }
  return places;
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

/** The patterns that most records support, and those with a star for a key in which some of them differ. */
function candidates(patterns: ReadonlyMap<string, ReadonlySet<number>>, records: number, field: string): Place[] {
  const supporters = new Map<string, number>();
  for (const [pattern, each] of patterns) supporters.set(pattern, each.size);
  for (const [pattern, { records, merged }] of withStars(patterns))
    if (merged > 1) supporters.set(pattern, records.size);
  const places: Place[] = [];
  for (const [pattern, support] of [...supporters].sort((a, b) => b[1] - a[1])) {
    if (support < SUPPORT && records >= SUPPORT) break;
    const place = parsePlace(pattern);
    if (typeof place === 'string') continue;
    // What only one record says must at least be called as the field is.
    if (support >= SUPPORT || isOwn(place, field)) places.push(place);
    if (places.length === MAX_TRIED) break;
  }
  return places;
}

function withStars(
  patterns: ReadonlyMap<string, ReadonlySet<number>>,
): Map<string, { readonly records: Set<number>; merged: number }> {
  const stars = new Map<string, { readonly records: Set<number>; merged: number }>();
  for (const [pattern, supporters] of patterns) {
    // Without anything of the record a star could be anybody's.
    if (!pattern.includes('{')) continue;
    const parts = pattern.split(/\/(?![^{}]*\})/);
    for (let at = 1; at < parts.length - 1; at++) {
      if (/^[*#]$|\{/.test(parts[at] ?? '')) continue;
      const starred = parts.with(at, '*').join('/');
      const star = stars.get(starred) ?? { records: new Set<number>(), merged: 0 };
      stars.set(starred, star);
      star.merged++;
      for (const record of supporters) star.records.add(record);
    }
  }
  return stars;
}

function tryPlace(units: Units, finder: NodeFinder, place: Place, field: string, votes: readonly Vote[]): Tried {
  const isInKey = hasInKey(place, field);
  const [hits, holds, holders] = [new Set<number>(), new Set<number>(), new Set<number>()];
  for (const [at, { voter, form, positions }] of votes.entries()) {
    const nodes = finder.find(place, voter.names, positions, voter.unit);
    if (nodes.length > 0) hits.add(at);
    const holder = isInKey ? nodes[0] : nodes.find((node) => standsAt(units, node, form));
    if (holder === undefined) continue;
    holds.add(at);
    holders.add(holder);
  }
  const own = holders.size / Math.max(1, holds.size);
  const quality = hits.size === 0 ? 0 : holds.size * (holds.size / hits.size) * likeness(place, field, own);
  return { place, hits, holds, quality };
}

/**
 * How much a place looks like the one that is meant.
 * @param own the share of values that have a node of their own there: what is the same for all records, another record's place has, too
 */
function likeness(place: Place, field: string, own: number): number {
  const stars = place.parts.filter((part) => part === '*').length;
  let factor = (0.7 + 0.3 * own) * 0.97 ** stars * 0.99 ** place.parts.length;
  if (isOwn(place, field)) factor *= 1.15;
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

/** The best place, and others for the records that have nothing there. */
function keep(tried: readonly Tried[], votes: number): Place[] {
  const share = ({ hits, holds }: Tried): number => holds.size / hits.size;
  const good = tried.filter((each) => share(each) >= HOLDS).toSorted((a, b) => b.quality - a.quality);
  if (good.length === 0) {
    const fair = tried.filter((each) => share(each) >= HOLDS_AT_LEAST && each.holds.size >= SUPPORT);
    return fair
      .toSorted((a, b) => b.quality - a.quality)
      .slice(0, 1)
      .map(({ place }) => place);
  }
  const kept: Place[] = [];
  const covered = new Set<number>();
  for (const { place, hits, holds } of good) {
    const fresh = [...holds].filter((at) => !covered.has(at)).length;
    if (kept.length > 0 && fresh < Math.max(SUPPORT, FURTHER * votes)) continue;
    kept.push(place);
    for (const at of hits) covered.add(at);
  }
  return kept;
}
