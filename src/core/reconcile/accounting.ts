import { isAccountedFor, type RecordStatus } from '../model/record-status.ts';
import type { Accounted, AccountedRecord, NewDocument, OldRecord, Rules } from './accounted.ts';
import { type Choice, Chooser } from './choose.ts';
import { Claims } from './claims.ts';
import { NodeFinder } from './find-nodes.ts';
import { learnNaming, type Naming } from './generalise.ts';
import { Judge, type JudgedRecord } from './judge.ts';
import { learnPlaces } from './learn-places.ts';
import { NewNodes } from './new-nodes.ts';
import { OldValues } from './old-values.ts';
import type { Place } from './place.ts';
import { findVoters, proposePlaces, sampleRecords } from './propose-places.ts';
import { RecordNames } from './record-names.ts';
import { Renames } from './renames.ts';
import { Rulebook } from './rulebook.ts';
import { splitDocuments } from './split.ts';
import { Units } from './units.ts';

/** More are `unsearched`. */
export const MAX_RECORDS = 200_000;
/** A record votes on places if one unit holds so much of it. */
const VOTE = 0.5;
/** A record of which no unit holds so much is missing, unless something stands at a place that names it. */
const GONE = 0.34;
/** Of units that hold as much of a record, so many are judged. */
const MAX_JUDGED = 8;

/** One accounting, from reading the values to the result. */
export class Accounting {
  readonly #all: readonly OldRecord[];
  readonly #old: OldValues;
  readonly #nodes: NewNodes;
  readonly #units: Units;
  readonly #renames: Renames;
  readonly #rules: Rulebook;
  readonly #chooser: Chooser;
  readonly #claims: Claims;
  /** By record: the unit by which it is judged; -1 if it is missing. */
  readonly #chosen: Int32Array;
  readonly #statuses: RecordStatus[] = [];
  readonly #gone = new Map<number, string>();
  #places: ReadonlyMap<number, readonly Place[]> = new Map();
  #finder: NodeFinder;
  #judge: Judge;
  #learnedFrom = 0;

  constructor(records: readonly OldRecord[], documents: readonly NewDocument[], rules: Rules) {
    this.#all = records;
    this.#old = new OldValues(records.slice(0, MAX_RECORDS));
    this.#renames = new Renames(this.#old, rules.values);
    this.#rules = new Rulebook(rules, this.#old);
    this.#nodes = new NewNodes(this.#old, documents);
    this.#units = new Units(this.#old, this.#nodes);
    this.#chooser = new Chooser(this.#old, this.#units, this.#renames);
    this.#claims = new Claims(this.#old.records.length, this.#nodes.length);
    this.#chosen = new Int32Array(this.#old.records.length).fill(-1);
    this.#finder = new NodeFinder(this.#units, this.#old.records.length);
    this.#judge = this.#newJudge();
  }

  /** Does the work; between two steps others may have a turn. */
  *steps(): Generator<void> {
    const sample = sampleRecords(this.#old);
    const naming = learnNaming(sample.map((record) => new RecordNames(this.#old, record, this.#renames)));
    splitDocuments(this.#old, this.#units, this.#chooser, this.#renames, naming, sample);
    yield;
    this.#places = this.#rules.places ?? this.#learn(sample, naming);
    this.#finder = new NodeFinder(this.#units, this.#old.records.length);
    this.#judge = this.#newJudge();
    yield;
    for (const record of this.#old.records.keys()) {
      this.#judgeRecord(record);
      yield;
    }
    for (const record of this.#old.records.keys()) {
      if (this.#claims.isBeaten(record)) this.#judgeAgain(record);
      yield;
    }
    for (const [record, { key }] of this.#old.records.entries()) this.#explainGone(record, key);
  }

  /** After the steps. The values of a record are worked out when they are read: there may be millions. */
  result(): Accounted {
    const names = this.#old.fields.texts;
    const places = [...this.#places].map(([field, each]) => [names[field] ?? '', each.map(({ pattern }) => pattern)]);
    const withoutPlace = [...names.keys()].filter((field) => !this.#places.has(field) && !this.#rules.ignores(field));
    return {
      records: this.#all.map((record, at) => this.#describe(record, at)),
      places: Object.fromEntries(places),
      withoutPlace: withoutPlace.map((field) => names[field] ?? ''),
      learnedFrom: places.length === 0 ? 0 : this.#learnedFrom,
      ruleProblems: this.#rules.problems(),
      unread: this.#nodes.tooDeep.map(({ file, pointer }) => ({ file, pointer })),
    };
  }

  #learn(sample: readonly number[], naming: Naming): ReadonlyMap<number, readonly Place[]> {
    const voters = findVoters(this.#old, this.#chooser, this.#renames, sample, VOTE);
    this.#learnedFrom = voters.length;
    const proposals = proposePlaces(this.#old, this.#units, this.#renames, voters, naming);
    return learnPlaces(
      this.#old,
      this.#units,
      new NodeFinder(this.#units, this.#old.records.length),
      proposals,
      voters,
    );
  }

  #newJudge(): Judge {
    return new Judge({
      old: this.#old,
      units: this.#units,
      finder: this.#finder,
      renames: this.#renames,
      rules: this.#rules,
      places: this.#places,
      weight: (form) => this.#chooser.weight(form),
    });
  }

  /** Judges a record by the unit in which most of it stands at its places. */
  #judgeRecord(record: number): void {
    if (this.#old.beyondLimits.has(record) || this.#finder.left < 0) {
      this.#claims.claim(record, [], 0);
      this.#statuses.push('unsearched');
      return;
    }
    const names = new RecordNames(this.#old, record, this.#renames);
    let best: { readonly unit: number; readonly judged: JudgedRecord } | undefined;
    for (const { unit, judged } of this.#judgeUnits(names, this.#chooser.choose(record)))
      if (best === undefined || judged.found > best.judged.found) best = { unit, judged };
    if (best !== undefined) this.#chosen[record] = best.unit;
    this.#claims.claim(record, best === undefined ? [] : nodesOf(best.judged), best?.judged.found ?? 0);
    this.#statuses.push(best?.judged.status ?? 'missing');
  }

  /** A record that stands only where another one stands better: it may stand in a unit that holds as much of it, or else it is missing. */
  #judgeAgain(record: number): void {
    const names = new RecordNames(this.#old, record, this.#renames);
    for (const { unit, judged } of this.#judgeUnits(names, this.#chooser.choose(record))) {
      if (!this.#claims.claimInstead(record, nodesOf(judged), judged.found)) continue;
      this.#chosen[record] = unit;
      this.#statuses[record] = judged.status;
      return;
    }
    this.#chosen[record] = -1;
    this.#statuses[record] = 'missing';
  }

  *#judgeUnits(names: RecordNames, { units, held }: Choice): Generator<{ unit: number; judged: JudgedRecord }> {
    for (const unit of units.slice(0, MAX_JUDGED)) {
      const judged = this.#judge.judge(names, unit);
      if (!judged.isReached || this.#judge.isCoincidence(names, judged)) continue;
      if (held >= GONE || this.#judge.hasNamed(names)) yield { unit, judged };
    }
  }

  #explainGone(record: number, key: string): void {
    // One that is there in part, or with another value, is not gone.
    if (this.#statuses[record] !== 'missing') return;
    const rule = this.#rules.explainGone(key);
    if (rule === undefined) return;
    this.#gone.set(record, rule);
    this.#statuses[record] = 'explained';
  }

  #judged(record: number): JudgedRecord {
    const names = new RecordNames(this.#old, record, this.#renames);
    const unit = this.#chosen[record] ?? -1;
    return unit < 0 ? this.#judge.judgeMissing(names) : this.#judge.judge(names, unit);
  }

  #describe({ key }: OldRecord, record: number): AccountedRecord {
    const status = this.#statuses[record] ?? 'unsearched';
    const isGone = this.#gone.has(record);
    const valuesOf = (): AccountedRecord['values'] => {
      const values = this.#judged(record).values.map((value) => this.#judge.describe(record, value));
      return isGone
        ? values.map((each) => (isAccountedFor(each.status) ? each : { ...each, status: 'explained' }))
        : values;
    };
    const rule = status === 'explained' ? (this.#gone.get(record) ?? this.#ruleOf(record)) : undefined;
    return {
      key,
      status,
      get values() {
        return valuesOf();
      },
      ...(rule === undefined ? {} : { rule }),
      ...(status === 'scattered' ? { beside: this.#besides(record) } : {}),
    };
  }

  #ruleOf(record: number): string | undefined {
    const explained = this.#judged(record).values.find(({ status }) => status === 'explained');
    return explained === undefined ? undefined : this.#rules.nameOf(explained.value.field, explained.at.length > 0);
  }

  #besides(record: number): string[] {
    const beside = this.#judged(record).values.filter(({ isBeside }) => isBeside);
    return [...new Set(beside.flatMap(({ at }) => at.map((node) => this.#nodes.placeOf(node).file)))];
  }
}

/** The nodes that account for a record. */
function nodesOf({ values }: JudgedRecord): number[] {
  return values.flatMap(({ status, at, isBeside }) => (isBeside || status === 'changed' ? [] : at));
}
