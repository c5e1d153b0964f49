import { normalForm } from '../records/normal-form.ts';
import type { Rules } from './accounted.ts';
import type { OldValues } from './old-values.ts';
import { parsePlace, type Place } from './place.ts';
import { MAX_RENAMED, type Renames } from './renames.ts';

/** More would be looked at for each record. */
const MAX_PLACES = 50;
const MAX_GONE = 1000;
const MAX_KEY_PATTERN = 1000;
/** As many are said one by one. */
const MAX_PROBLEMS = 50;

/** The rules for one database as they can be applied, with what each of them has matched. */
export class Rulebook {
  /** Field -> places, if the rules give any. */
  readonly places: ReadonlyMap<number, readonly Place[]> | null;
  readonly #rules: Rules;
  readonly #old: OldValues;
  readonly #problems: string[] = [];
  #unsaid = 0;
  readonly #ignored = new Set<number>();
  readonly #renamed = new Map<number, Set<number>>();
  readonly #reached = new Set<Place>();
  readonly #gone: { readonly pattern: string; readonly matches: (key: string) => boolean; found: number }[] = [];

  constructor(rules: Rules, old: OldValues) {
    this.#rules = rules;
    this.#old = old;
    this.places = rules.places === undefined ? null : this.#readPlaces(rules.places);
    for (const { key } of (rules.gone ?? []).slice(0, MAX_GONE)) {
      const isTooLong = key.length > MAX_KEY_PATTERN;
      if (isTooLong) this.#say(`gone: a pattern is longer than ${MAX_KEY_PATTERN} characters: ${key.slice(0, 50)}`);
      this.#gone.push({ pattern: key, matches: isTooLong ? () => false : keyMatcher(key), found: 0 });
    }
  }

  /** Whether the value of a field does not count; notes that the rule was needed. */
  ignores(field: number): boolean {
    const name = this.#old.fields.texts[field] ?? '';
    if (!Object.hasOwn(this.#rules.ignore ?? {}, name)) return false;
    this.#ignored.add(field);
    return true;
  }

  noteRenamed(field: number, form: number): void {
    this.#renamed.set(field, (this.#renamed.get(field) ?? new Set()).add(form));
  }

  noteReached(place: Place): void {
    this.#reached.add(place);
  }

  /** The rule that says that a record is gone, as `gone` and its pattern; undefined if none does. */
  explainGone(key: string): string | undefined {
    const rule = this.#gone.find(({ matches }) => matches(key));
    if (rule === undefined) return undefined;
    rule.found++;
    return `gone ${rule.pattern}`;
  }

  /** The rule that explains a value, in words. */
  nameOf(field: number, isRenamed: boolean): string {
    return `${isRenamed ? 'values' : 'ignore'} ${this.#old.fields.texts[field] ?? ''}`;
  }

  /** Rules that matched nothing, or another number than they say; to be asked when all records are accounted for. */
  problems(renames: Renames): readonly string[] {
    for (const name of Object.keys(this.#rules.ignore ?? {}))
      if (!this.#ignored.has(this.#old.fields.find(name))) this.#say(`ignore ${name}: no record has a value there`);
    this.#tellValues(renames);
    for (const places of this.places?.values() ?? [])
      for (const place of places)
        if (!this.#reached.has(place)) this.#say(`places ${place.pattern}: nothing stands there for any record`);
    this.#tellGone();
    return this.#unsaid === 0 ? this.#problems : [...this.#problems, `${this.#unsaid} more rules have problems`];
  }

  #tellValues(renames: Renames): void {
    for (const [name, pairs] of Object.entries(this.#rules.values ?? {})) {
      const field = this.#old.fields.find(name);
      const all = Object.keys(pairs);
      if (all.length > MAX_RENAMED)
        this.#say(`values ${name} has more than ${MAX_RENAMED} values; none of them is used`);
      else
        for (const was of all) {
          const form = this.#old.forms.find(normalForm(was));
          const isUsed = renames.formOf(field, form) >= 0 && this.#renamed.get(field)?.has(form) === true;
          if (!isUsed) this.#say(`values ${name}: no record has "${was}" there and its new value in the new state`);
        }
    }
  }

  #tellGone(): void {
    const gone = this.#rules.gone ?? [];
    for (const [at, { key, entries }] of gone.slice(0, MAX_GONE).entries()) {
      const found = this.#gone[at]?.found ?? 0;
      if (found !== entries) this.#say(`gone ${key}: ${found} records are gone, the rule says ${entries}`);
    }
    if (gone.length > MAX_GONE) this.#say(`gone has more than ${MAX_GONE} rules; the rest is not used`);
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

/** Whether keys match a pattern in which only `*` is special. Each part of the pattern is looked for once, from where the one before it ends. */
export function keyMatcher(pattern: string): (key: string) => boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return (key) => key === pattern;
  const least = pattern.length - rest.length - 1;
  return (key) => {
    if (key.length < least || !key.startsWith(first) || !key.endsWith(last)) return false;
    let from = first.length;
    const end = key.length - last.length;
    for (const part of rest) {
      const at = key.indexOf(part, from);
      if (at < 0 || at + part.length > end) return false;
      from = at + part.length;
    }
    return from <= end;
  };
}
