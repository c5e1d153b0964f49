import { isTelling } from '../records/normal-form.ts';
import type { OldValues } from './old-values.ts';
import type { Renames } from './renames.ts';
import type { Units } from './units.ts';

/** So many units are compared for a record. */
const MAX_UNITS = 64;
/** A value that stands so often does not lead to a unit, unless a record has no other. */
const MAX_COUNT = 5000;
/** What a value counts that stands everywhere, beside others of the same rarity. */
const LITTLE = 0.1;
/** Of so few units it is worth asking whether others can be better. */
const FEW = 8;
const AS_GOOD = 0.999;

/** The units that hold most of a record. */
export interface Choice {
  /** Those that hold as much as the best one, at least nearly. */
  readonly units: readonly number[];
  /** How much of the record they hold, from 0 to 1; rare values count more. */
  readonly held: number;
}

/** Finds the units that hold most of a record. */
export class Chooser {
  readonly #old: OldValues;
  readonly #units: Units;
  readonly #renames: Renames;

  constructor(old: OldValues, units: Units, renames: Renames) {
    this.#old = old;
    this.#units = units;
    this.#renames = renames;
  }

  choose(record: number): Choice {
    const forms = this.#formsOf(record);
    const total = forms.reduce((sum, { weight }) => sum + weight, 0);
    const scores: { readonly unit: number; readonly score: number }[] = [];
    let best = 0;
    for (const { unit, most } of this.#candidates(forms, total)) {
      if (most < best * AS_GOOD) break;
      const score = this.#score(forms, unit);
      scores.push({ unit, score });
      best = Math.max(best, score);
    }
    if (best === 0) return { units: [], held: 0 };
    const units = scores.filter(({ score }) => score >= best * AS_GOOD).map(({ unit }) => unit);
    return { units: units.toSorted((a, b) => a - b), held: best / total };
  }

  /** How much a value tells of its record. */
  weight(form: number): number {
    return this.#old.rarity(form) * (isTelling(this.#old.forms.texts[form] ?? '') ? 1 : LITTLE);
  }

  #formsOf(record: number): Form[] {
    const forms = new Map<number, Form>();
    for (const { field, form } of this.#old.valuesOf(record))
      forms.set(form, { form, renamed: this.#renames.formOf(field, form), weight: this.weight(form) });
    // The record's key counts only where the new state has keys of that kind.
    const key = this.#old.keyOf(record);
    if (this.#units.count(key) > 0) forms.set(key, { form: key, renamed: -1, weight: this.weight(key) });
    return [...forms.values()];
  }

  /** Units that rare values of the record lead to, with the most that they can hold of it; the best first. */
  #candidates(forms: readonly Form[], total: number): Candidate[] {
    const held = new Map<number, number>();
    /** What values count of which not all units are known. */
    let open = total;
    const counted = forms.map((form) => ({ ...form, count: this.#count(form) }));
    for (const { form, renamed, weight, count } of counted.toSorted((a, b) => a.count - b.count)) {
      if (held.size >= MAX_UNITS || (count > MAX_COUNT && held.size > 0)) break;
      if (held.size > 0 && held.size <= FEW && this.#isDecided(held, open)) break;
      const units = this.#units.unitsWith(form, MAX_UNITS);
      if (renamed >= 0) units.push(...this.#units.unitsWith(renamed, MAX_UNITS));
      if (units.length < MAX_UNITS) open -= weight;
      for (const unit of units) held.set(unit, (held.get(unit) ?? 0) + weight);
    }
    return this.#ranked(held, open);
  }

  #ranked(held: ReadonlyMap<number, number>, open: number): Candidate[] {
    const candidates = [...held.keys()].map((unit) => {
      let most = open;
      for (let each = unit; each >= 0; each = this.#units.parentOf(each)) most += held.get(each) ?? 0;
      return { unit, most };
    });
    return candidates.toSorted((a, b) => b.most - a.most);
  }

  /** Whether no unit that is not known yet can hold as much as the best one, whatever it has of the open values and of what its parents hold. */
  #isDecided(held: ReadonlyMap<number, number>, open: number): boolean {
    const [best, second] = this.#ranked(held, 0);
    if (best === undefined) return false;
    return (held.get(best.unit) ?? 0) * AS_GOOD > open && best.most * AS_GOOD > open + (second?.most ?? 0);
  }

  #count({ form, renamed }: Form): number {
    return this.#units.count(form) + (renamed < 0 ? 0 : this.#units.count(renamed));
  }

  #score(forms: readonly Form[], unit: number): number {
    let score = 0;
    for (const { form, renamed, weight } of forms)
      if (this.#units.holds(unit, form) || (renamed >= 0 && this.#units.holds(unit, renamed))) score += weight;
    return score;
  }
}

interface Candidate {
  readonly unit: number;
  readonly most: number;
}

interface Form {
  readonly form: number;
  /** What a rule says it has become; -1 if none does. */
  readonly renamed: number;
  readonly weight: number;
}
