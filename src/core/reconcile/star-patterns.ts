import { normalForm } from '../records/normal-form.ts';
import { isCalled, parsePlace, type PlacePart } from './place.ts';
import type { Proposals, Voter } from './propose-places.ts';
import type { Units } from './units.ts';

/** More records than one must agree. */
const SUPPORT = 2;
/** A key is the one at which a field stands if it has this share of the records. */
const MAIN = 0.5;

const PARTS = /\/(?![^{}]*\})/;

/**
 * The patterns with a star for a key in which records differ, and who supports them. A star must not stand for what a record's own name says: a value that
 * stands at another record's place would teach the place that excuses it. Nor may it stand for the field itself, where each field has an object of its own.
 */
export class StarPatterns {
  readonly #units: Units;
  readonly #proposals: Proposals;
  readonly #voters: readonly Voter[];
  /** Part of a pattern with a name in it -> what it is for each record. */
  readonly #texts = new Map<string, readonly string[]>();
  /** Pattern with a star -> field -> the key at which it stands for most. */
  readonly #mainKeys = new Map<string, Map<number, string>>();

  constructor(units: Units, proposals: Proposals, voters: readonly Voter[]) {
    this.#units = units;
    this.#proposals = proposals;
    this.#voters = voters;
    for (const [field, patterns] of proposals)
      for (const [starred, keys] of keysAtStars(patterns)) {
        const main = mainOf(keys);
        if (main === undefined) continue;
        const fields = this.#mainKeys.get(starred) ?? new Map<number, string>();
        this.#mainKeys.set(starred, fields.set(field, main));
      }
  }

  /**
   * Pattern -> the records that support it, with those that have stars.
   * @param name of the field
   */
  of(field: number, name: string): Map<string, ReadonlySet<number>> {
    const patterns = this.#proposals.get(field) ?? new Map<string, ReadonlySet<number>>();
    const all = new Map<string, ReadonlySet<number>>(patterns);
    const stars = keysAtStars(patterns);
    for (const [starred, keys] of stars)
      if (keys.size > 1 && !this.#isOfFields(starred, field, name, keys))
        all.set(starred, new Set([...keys.values()].flatMap((records) => [...records])));
    for (const [pattern, records] of patterns) {
      const parts = pattern.split(PARTS);
      for (const [at, part] of parts.entries()) {
        if (!part.includes('{')) continue;
        const starred = parts.with(at, '*').join('/');
        const most = all.get(starred);
        if (most === undefined || !this.#differs(part, records)) continue;
        // A short name inside of a longer key may be there by coincidence.
        if (!/^\{[^{}]*\}$/.test(part) && records.size < most.size * MAIN) continue;
        const keys = [...(stars.get(starred)?.keys() ?? []), ...this.#keysOfUnits(at - 1, patterns.get(starred))];
        if (this.#isOfOthers(part, keys)) all.delete(starred);
      }
    }
    return all;
  }

  /** Whether the key at a star says which field it is. */
  #isOfFields(starred: string, field: number, name: string, keys: Keys): boolean {
    const mains = this.#mainKeys.get(starred);
    const main = mains?.get(field);
    if (mains === undefined || main === undefined) return false;
    if (isCalled(main, name)) return true;
    return [...mains].some(([other, key]) => other !== field && key !== main && keys.has(key));
  }

  /** Whether a name in a pattern is not the same text for all records that support it. */
  #differs(part: string, records: ReadonlySet<number>): boolean {
    const texts = this.#textsOf(part);
    const seen = new Set<string>();
    for (const record of records) if (seen.add(texts[record] ?? '').size >= SUPPORT) return true;
    return false;
  }

  /** Whether keys that stand for a star are what some record has as this part. A key that is nobody's is another name of the record's own. */
  #isOfOthers(part: string, keys: readonly string[]): boolean {
    const texts = new Set(this.#textsOf(part));
    return keys.some((key) => texts.has(normalForm(key)));
  }

  #textsOf(part: string): readonly string[] {
    const known = this.#texts.get(part);
    if (known !== undefined) return known;
    const [pieces] = partsOf(`/${part}`);
    const texts = this.#voters.map(({ names }) =>
      typeof pieces === 'object' ? normalForm(pieces.map((piece) => names.textsOf(piece)[0] ?? '').join('')) : '',
    );
    this.#texts.set(part, texts);
    return texts;
  }

  /** What stands for the star at the top of their units, for records that support a pattern with one. */
  #keysOfUnits(at: number, records: ReadonlySet<number> = new Set()): string[] {
    const { nodes } = this.#units;
    return [...records].map((record) => {
      const way = nodes.wayTo(this.#units.rootOf(this.#voters[record]?.unit ?? -1));
      return nodes.keyTextOf(way[at] ?? -1);
    });
  }
}

const partsOf = (pattern: string): readonly PlacePart[] => {
  const place = parsePlace(pattern);
  return typeof place === 'string' ? [] : place.parts;
};

/** Key -> the records that support the pattern with it. */
type Keys = ReadonlyMap<string, ReadonlySet<number>>;

/** For each key of each pattern but the last: the pattern with a star in its place -> the keys that stand there. */
function keysAtStars(patterns: ReadonlyMap<string, ReadonlySet<number>>): Map<string, Map<string, Set<number>>> {
  const stars = new Map<string, Map<string, Set<number>>>();
  for (const [pattern, records] of patterns) {
    // Without anything of the record a star could be anybody's.
    if (!pattern.includes('{')) continue;
    const parts = pattern.split(PARTS);
    for (let at = 1; at < parts.length - 1; at++) {
      const key = parts[at] ?? '';
      if (/^[*#]$|\{/.test(key)) continue;
      const starred = parts.with(at, '*').join('/');
      const keys = stars.get(starred) ?? new Map<string, Set<number>>();
      stars.set(starred, keys.set(key, new Set([...(keys.get(key) ?? []), ...records])));
    }
  }
  return stars;
}

function mainOf(keys: Keys): string | undefined {
  const all = new Set([...keys.values()].flatMap((records) => [...records])).size;
  return [...keys].find(([, { size }]) => size >= SUPPORT && size >= all * MAIN)?.[0];
}
