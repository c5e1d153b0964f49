import { ACCOUNTED_FOR, isAccountedFor, type RecordStatus } from '../model/record-status.ts';
import { isTelling, normalForm } from '../records/normal-form.ts';
import type { AccountedValue, At } from './accounted.ts';
import type { NodeFinder } from './find-nodes.ts';
import { LIST, OBJECT } from './new-nodes.ts';
import type { OldValue, OldValues } from './old-values.ts';
import { hasInKey, isOwn, partsOfKey, type Place } from './place.ts';
import type { RecordNames } from './record-names.ts';
import type { Renames } from './renames.ts';
import type { Rulebook } from './rulebook.ts';
import { isIn, keyThatSays } from './self-proof.ts';
import { TELLING_CHARACTERS } from './tree-hash.ts';
import { standsAt } from './try-place.ts';
import type { Units } from './units.ts';

/** As many are named of what stands in several places. */
const MAX_AT = 5;
/** So many other units are looked at for a value that is not in the record's own. */
const MAX_BESIDE = 64;

/** What became of a value. */
export interface JudgedValue {
  readonly value: OldValue;
  readonly status: AccountedValue['status'];
  /** The nodes that have it. */
  readonly at: readonly number[];
  /** What stands at its place instead; -1 if nothing does. */
  readonly instead: number;
  /** Whether it stands at its place, but in another unit than most of the record. */
  readonly isBeside: boolean;
  /** Whether it stands at a place that means its field: one with a star or something of the record in it, that is called as the field is, or that a rule gives. */
  readonly isMeant: boolean;
}

export interface JudgedRecord {
  readonly values: readonly JudgedValue[];
  readonly status: RecordStatus;
  /** How much of the record was found at known places, from 0 to 1. */
  readonly found: number;
  /** Whether there is anything at a place that says something of the record; true if none of its places does. */
  readonly isReached: boolean;
}

/** Judges records by the places of their fields. */
export class Judge {
  readonly #old: OldValues;
  readonly #units: Units;
  readonly #finder: NodeFinder;
  readonly #renames: Renames;
  readonly #rules: Rulebook;
  readonly #places: ReadonlyMap<number, readonly Place[]>;
  readonly #weight: (form: number) => number;
  /** Places that are called as their field is. */
  readonly #own = new Set<Place>();
  #reachedNamed = false;

  constructor(tools: {
    readonly old: OldValues;
    readonly units: Units;
    readonly finder: NodeFinder;
    readonly renames: Renames;
    readonly rules: Rulebook;
    readonly places: ReadonlyMap<number, readonly Place[]>;
    readonly weight: (form: number) => number;
  }) {
    this.#old = tools.old;
    this.#units = tools.units;
    this.#finder = tools.finder;
    this.#renames = tools.renames;
    this.#rules = tools.rules;
    this.#places = tools.places;
    this.#weight = tools.weight;
    for (const [field, places] of this.#places)
      for (const place of places) if (isOwn(place, this.#old.fields.texts[field] ?? '')) this.#own.add(place);
  }

  /** By what stands in this unit. */
  judge(names: RecordNames, unit: number): JudgedRecord {
    this.#reachedNamed = false;
    const values = this.#proven(names.values.map((value) => this.#judgeValue(names, value, unit)));
    const isReached = this.#reachedNamed || !this.hasNamed(names);
    return { values, status: statusOf(values), found: this.#share(values), isReached };
  }

  /** Of a record that is not there. */
  judgeMissing(names: RecordNames): JudgedRecord {
    const values = names.values.map((value) =>
      this.#without(value, this.#rules.ignores(value.field) ? 'explained' : 'missing'),
    );
    return { values, status: 'missing', found: 0, isReached: false };
  }

  /** Whether there are places for the record that say something of it. */
  hasNamed(names: RecordNames): boolean {
    return names.values.some(({ field }) => this.#places.get(field)?.some(({ hasNames }) => hasNames) === true);
  }

  #judgeValue(names: RecordNames, value: OldValue, unit: number): JudgedValue {
    const places = this.#places.get(value.field) ?? [];
    const judged = this.#atPlaces(names, value, unit, places) ?? this.#elsewhere(names, value, unit, places);
    if (isAccountedFor(judged.status) && !judged.isBeside) return judged;
    return this.#rules.ignores(value.field) ? { ...judged, status: 'explained', isBeside: false } : judged;
  }

  /** A value that is there only as a key has to be above others of the record. */
  #proven(values: readonly JudgedValue[]): JudgedValue[] {
    const keys = values.map((each) => this.#keysThatSay(each));
    const homes = values.flatMap(({ at, instead, status, isBeside }, position) => {
      if (isBeside || status === 'by-value' || (keys[position]?.length ?? 0) > 0) return [];
      return instead < 0 ? at : [...at, instead];
    });
    return values.map((each, position) => {
      const mine = keys[position] ?? [];
      if (mine.length === 0 || mine.some((key) => homes.some((home) => isIn(this.#units, home, key)))) return each;
      return homes.length === 0 ? { ...each, status: 'by-value' } : this.#without(each.value, 'missing');
    });
  }

  /** The nodes whose keys say a value; empty if it stands somewhere else, too. */
  #keysThatSay({ value, status, at, isBeside }: JudgedValue): number[] {
    if (isBeside || status === 'by-value' || !isAccountedFor(status)) return [];
    const places = this.#places.get(value.field) ?? [];
    const isInKey = places.some((place) => hasInKey(place, this.#old.fields.texts[value.field] ?? ''));
    const forms = [value.form, this.#renames.formOf(value.field, value.form)].filter((form) => form >= 0);
    const keys = at.map((node) => {
      const [key = -1] = forms.map((form) => keyThatSays(this.#units, node, form)).filter((each) => each >= 0);
      return key < 0 && isInKey && !forms.includes(this.#units.nodes.formOf(node)) ? node : key;
    });
    return keys.includes(-1) ? [] : keys;
  }

  /** Null if there is nothing at any of its places. */
  #atPlaces(names: RecordNames, value: OldValue, unit: number, places: readonly Place[]): JudgedValue | null {
    const renamed = this.#renames.formOf(value.field, value.form);
    const [found, explained, instead]: [number[], number[], number[]] = [[], [], []];
    const own = { known: false, reached: false, holds: false };
    let isMeant = false;
    for (const place of places) {
      const nodes = this.#finder.find(place, names, value.path.positions, unit);
      if (nodes.length > 0) this.#rules.noteReached(place);
      if (nodes.length > 0 && place.hasNames) this.#reachedNamed = true;
      const same = nodes.filter((node) => this.#holds(place, value, node, value.form));
      const other = renamed < 0 ? [] : nodes.filter((node) => this.#holds(place, value, node, renamed));
      found.push(...same);
      explained.push(...other);
      if (same.length + other.length === 0) instead.push(...nodes);
      else isMeant ||= this.#means(place);
      if (!this.#own.has(place)) continue;
      own.known = true;
      own.reached ||= nodes.length > 0;
      own.holds ||= same.length + other.length > 0;
    }
    const at = [...found, ...explained];
    if (at.length === 0 && instead.length === 0) return null;
    // What its own place says counts for more than what another one says.
    const isChanged = at.length === 0 || (own.reached && !own.holds);
    if (isChanged) return { value, status: 'changed', at, instead: instead[0] ?? -1, isBeside: false, isMeant };
    const status = own.known && !own.holds ? 'folded' : found.length > 0 ? 'found' : 'explained';
    return { value, status, at, instead: -1, isBeside: false, isMeant };
  }

  #means(place: Place): boolean {
    const says = place.hasNames || place.parts.some((part) => part === '*' || part === '#');
    return says || this.#own.has(place) || this.#rules.places !== null;
  }

  /**
   * Whether all that was found of a record may stand there by coincidence: it is as little as `true` or `v2`, stands at no place that means it, and
   * nothing above it has the name of the record.
   */
  isCoincidence({ key }: RecordNames, { values, status }: JudgedRecord): boolean {
    if (!isAccountedFor(status)) return false;
    const counted = values.filter(({ value }) => !this.#rules.ignores(value.field));
    if (counted.some(({ value, isMeant }) => isMeant || !isLittle(this.#old.forms.texts[value.form] ?? '')))
      return false;
    return counted.length > 0 && !counted.some(({ at }) => at.some((node) => this.#isNamed(key, node)));
  }

  /** Whether the file of a node and the keys above it say the key of a record, or all parts of it. */
  #isNamed(key: string, node: number): boolean {
    const { nodes } = this.#units;
    const keys = [nodes.placeOf(node).file, ...nodes.wayTo(node).map((each) => nodes.keyTextOf(each))];
    const parts = new Set(keys.flatMap(partsOfKey));
    return keys.includes(key) || (key !== '' && partsOfKey(key).every((part) => parts.has(part)));
  }

  /** Whether a value stands at a node, is its key, or a part of it. */
  #holds(place: Place, { field }: OldValue, node: number, form: number): boolean {
    if (standsAt(this.#units, node, form) || this.#isFilled(node, form)) return true;
    if (!hasInKey(place, this.#old.fields.texts[field] ?? '')) return false;
    const key = normalForm(this.#units.nodes.keyTextOf(node));
    return key.includes(this.#old.forms.texts[form] ?? '');
  }

  /** Whether a value is an empty list or object, and a node is one that is not empty any more: what is in there is new. */
  #isFilled(node: number, form: number): boolean {
    const kind = this.#units.nodes.kindOf(node);
    const empty = kind === LIST ? normalForm([]) : kind === OBJECT ? normalForm({}) : null;
    return empty === this.#old.forms.texts[form];
  }

  #elsewhere(names: RecordNames, value: OldValue, unit: number, places: readonly Place[]): JudgedValue {
    const { form } = value;
    if (places.length === 0 && this.#units.holds(unit, form)) {
      const at = this.#standings(form, unit);
      return { value, status: 'by-value', at, instead: -1, isBeside: false, isMeant: false };
    }
    const isTold = isTelling(this.#old.forms.texts[form] ?? '');
    for (const other of this.#units.unitsWith(form, MAX_BESIDE)) {
      if (places.length === 0 && isTold)
        return { ...this.#without(value, 'by-value'), at: this.#standings(form, other), isBeside: true };
      for (const place of places) {
        // Without anything of the record in it, the same place in another document is another record's.
        if (!place.hasNames) continue;
        const at = this.#finder
          .find(place, names, value.path.positions, other)
          .filter((node) => standsAt(this.#units, node, form));
        if (at.length > 0) return { ...this.#without(value, 'found'), at, isBeside: true, isMeant: true };
      }
    }
    return this.#without(value, 'missing');
  }

  /** Of a value that does not stand where its kind stands; it may stand anywhere else. */
  #without(value: OldValue, status: AccountedValue['status']): JudgedValue {
    return { value, status, at: [], instead: -1, isBeside: false, isMeant: false };
  }

  #standings(form: number, unit: number): number[] {
    for (let each = unit; each >= 0; each = this.#units.parentOf(each)) {
      const at = this.#units.standings(form, each, MAX_AT).map(({ node }) => node);
      if (at.length > 0) return at;
    }
    return [];
  }

  #share(values: readonly JudgedValue[]): number {
    let [found, all] = [0, 0];
    for (const { value, status, isBeside } of values) {
      const weight = this.#weight(value.form);
      all += weight;
      if (!isBeside && (status === 'found' || status === 'folded' || status === 'explained')) found += weight;
    }
    return all === 0 ? 0 : found / all;
  }

  /** As the report has it. */
  describe(record: number, { value, status, at, instead }: JudgedValue): AccountedValue {
    const { nodes } = this.#units;
    const places: At[] = at.slice(0, MAX_AT).map((node) => nodes.placeOf(node));
    if (status === 'changed' && at.length === 0 && instead >= 0) places.push(nodes.placeOf(instead));
    const now = status === 'changed' && instead >= 0 ? { now: nodes.valueOf(instead) } : {};
    return { path: value.path.pointer, status, was: this.#old.rawOf(record, value.path), ...now, at: places };
  }
}

/** Whether a value in normal form stands everywhere: truth values, short numbers and short texts. */
function isLittle(form: string): boolean {
  return form.length < TELLING_CHARACTERS && !(form.length > 6 && /^-?[\d.]+$/.test(form));
}

function statusOf(values: readonly JudgedValue[]): RecordStatus {
  const bad = values.filter(({ status }) => !isAccountedFor(status));
  if (bad.length === 0) {
    if (values.some(({ isBeside }) => isBeside)) return 'scattered';
    const worst = values.reduce((most, { status }) => Math.max(most, ACCOUNTED_FOR.indexOf(status)), 0);
    return ACCOUNTED_FOR[worst] ?? 'found';
  }
  const isNowhere = values.every(({ status }) => status === 'missing' || status === 'changed');
  if (isNowhere && bad.some(({ status }) => status === 'missing')) return 'missing';
  return bad.every(({ status }) => status === 'changed') ? 'changed' : 'partly';
}
