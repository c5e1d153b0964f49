import { nameMatcher } from '../paths/names.ts';
import type { Rules } from './accounted.ts';
import type { OldValues } from './old-values.ts';
import { parsePlace, type Place } from './place.ts';

/** More would be looked at for each record. */
const MAX_PLACES = 50;
const MAX_GONE = 1000;
const MAX_KEY_PATTERN = 1000;
/** As many are said one by one. */
const MAX_PROBLEMS = 50;

/** The rules for one database as they can be applied, and which of its places anything stands at. */
export class Rulebook {
  /** Field -> places, if the rules give any. */
  readonly places: ReadonlyMap<number, readonly Place[]> | null;
  readonly #rules: Rules;
  readonly #old: OldValues;
  readonly #problems: string[] = [];
  #unsaid = 0;
  readonly #reached = new Set<Place>();
  readonly #gone: { readonly pattern: string; readonly matches: (key: string) => boolean }[] = [];

  constructor(rules: Rules, old: OldValues) {
    this.#rules = rules;
    this.#old = old;
    this.places = rules.places === undefined ? null : this.#readPlaces(rules.places);
    for (const { key } of (rules.gone ?? []).slice(0, MAX_GONE))
      if (key.length <= MAX_KEY_PATTERN) this.#gone.push({ pattern: key, matches: nameMatcher(key) });
  }

  /** Whether the value of a field does not count. */
  ignores(field: number): boolean {
    return Object.hasOwn(this.#rules.ignore ?? {}, this.#old.fields.texts[field] ?? '');
  }

  noteReached(place: Place): void {
    this.#reached.add(place);
  }

  /** The rule that says that a record is gone, as `gone` and its pattern; undefined if none does. */
  explainGone(key: string): string | undefined {
    const rule = this.#gone.find(({ matches }) => matches(key));
    return rule === undefined ? undefined : `gone ${rule.pattern}`;
  }

  /** The rule that explains a value, in words. */
  nameOf(field: number, isRenamed: boolean): string {
    return `${isRenamed ? 'values' : 'ignore'} ${this.#old.fields.texts[field] ?? ''}`;
  }

  /** Places that cannot be used, or at which nothing stands; to be asked when all records are accounted for. Of other rules `RuleUse` keeps count, in all steps. */
  problems(): readonly string[] {
    for (const places of this.places?.values() ?? [])
      for (const place of places)
        if (!this.#reached.has(place)) this.#say(`places ${place.pattern}: nothing stands there for any record`);
    return this.#unsaid === 0 ? this.#problems : [...this.#problems, `${this.#unsaid} more places have problems`];
  }

  #say(problem: string): void {
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push(problem);
    else this.#unsaid++;
  }

  #readPlaces(places: NonNullable<Rules['places']>): Map<number, readonly Place[]> {
    const read = new Map<number, readonly Place[]>();
    for (const [name, patterns] of Object.entries(places)) {
      const field = this.#old.fields.find(name);
      if (field < 0) {
        this.#say(`places ${name}: no record has a value there`);
        continue;
      }
      if (patterns.length > MAX_PLACES)
        this.#say(`places ${name} has more than ${MAX_PLACES} patterns; the rest is not used`);
      const mine: Place[] = [];
      for (const pattern of patterns.slice(0, MAX_PLACES)) {
        const place = parsePlace(pattern);
        if (typeof place === 'string') this.#say(`places ${name}: a pattern ${place}: ${pattern.slice(0, 100)}`);
        else mine.push(place);
      }
      if (mine.length > 0) read.set(field, mine);
    }
    return read;
  }
}
