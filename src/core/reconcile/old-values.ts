import { escapePart, type Json, valueAt } from '../records/json.ts';
import { normalForm } from '../records/normal-form.ts';
import type { OldRecord } from './accounted.ts';
import { Ints, Numbered } from './ints.ts';
import { MAX_DEPTH } from './value.ts';

/** Nothing that people write has more values. */
const MAX_VALUES = 100_000;

/** Where a value stands in records. */
export interface OldPath {
  /** JSON pointer. */
  readonly pointer: string;
  readonly keys: readonly string[];
  /** The pointer without its leading slash, with `#` for positions in lists: what rules call it. */
  readonly field: number;
  /** The positions that `#` stands for. */
  readonly positions: readonly string[];
}

/** A value of a record: numbers into `paths`, `fields` and `forms`. */
export interface OldValue {
  readonly path: OldPath;
  readonly field: number;
  readonly form: number;
}

/** All values of the old records in normal form, each form and each path once. */
export class OldValues {
  readonly records: readonly OldRecord[];
  readonly fields = new Numbered();
  readonly forms = new Numbered();
  /** Records that nest too deep or have too many values; they have none here. */
  readonly beyondLimits = new Set<number>();
  readonly #paths: OldPath[] = [];
  readonly #root: PathNode = newNode({ pointer: '', keys: [], field: '', positions: [] });
  readonly #starts = new Ints();
  readonly #pathOf = new Ints();
  readonly #formOf = new Ints();
  readonly #keys = new Ints();
  readonly #frequency = new Ints();

  constructor(records: readonly OldRecord[]) {
    this.records = records;
    for (const [at, { key, value }] of records.entries()) {
      const start = this.#pathOf.length;
      this.#starts.push(start);
      this.#keys.push(this.forms.number(normalForm(key)));
      if (!this.#add(value, this.#root, 0, start)) this.beyondLimits.add(at);
    }
    this.#starts.push(this.#pathOf.length);
    this.#countForms();
  }

  /** In the order of the record; empty for one that is beyond the limits. */
  valuesOf(record: number): OldValue[] {
    const values: OldValue[] = [];
    if (this.beyondLimits.has(record)) return values;
    for (let at = this.#starts.at(record); at < this.#starts.at(record + 1); at++) {
      const path = this.#paths[this.#pathOf.at(at)];
      if (path !== undefined) values.push({ path, field: path.field, form: this.#formOf.at(at) });
    }
    return values;
  }

  /** The form of the record's key. */
  keyOf(record: number): number {
    return this.#keys.at(record);
  }

  /** What a value tells of its record: more, the fewer records have it. */
  rarity(form: number): number {
    return Math.log((this.records.length + 1) / Math.max(1, this.#frequency.at(form)));
  }

  /** The value itself. */
  rawOf(record: number, path: OldPath): Json {
    return valueAt(this.records[record]?.value ?? null, path.keys) ?? null;
  }

  /** False if it is beyond the limits. */
  #add(value: Json, node: PathNode, depth: number, start: number): boolean {
    if (depth > MAX_DEPTH) return false;
    if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) {
      this.#pathOf.push(this.#pathNumber(node));
      this.#formOf.push(this.forms.number(normalForm(value)));
      return this.#pathOf.length - start <= MAX_VALUES;
    }
    const isList = Array.isArray(value);
    for (const [key, inner] of Object.entries(value))
      if (!this.#add(inner, childOf(node, key, isList), depth + 1, start)) return false;
    return true;
  }

  #pathNumber(node: PathNode): number {
    if (node.number >= 0) return node.number;
    const { pointer, keys, field, positions } = node.made;
    node.number = this.#paths.push({ pointer, keys, positions, field: this.fields.number(field.slice(1)) }) - 1;
    return node.number;
  }

  #countForms(): void {
    const last = new Int32Array(this.forms.texts.length).fill(-1);
    for (let form = 0; form < last.length; form++) this.#frequency.push(0);
    const count = (form: number, record: number): void => {
      if (last[form] === record) return;
      last[form] = record;
      this.#frequency.set(form, this.#frequency.at(form) + 1);
    };
    for (let record = 0; record < this.records.length; record++) {
      count(this.keyOf(record), record);
      for (let at = this.#starts.at(record); at < this.#starts.at(record + 1); at++) count(this.#formOf.at(at), record);
    }
  }
}

/** Paths as a tree: most records have the same ones, and a pointer is put together once. */
interface PathNode {
  readonly made: { pointer: string; keys: readonly string[]; field: string; positions: readonly string[] };
  readonly inner: Map<string, PathNode>;
  number: number;
}

const newNode = (made: PathNode['made']): PathNode => ({ made, inner: new Map(), number: -1 });

function childOf(node: PathNode, key: string, isList: boolean): PathNode {
  // The same key can be a position in one record and a key in another.
  const name = (isList ? '#' : '.') + key;
  const known = node.inner.get(name);
  if (known !== undefined) return known;
  const { pointer, keys, field, positions } = node.made;
  const part = `/${escapePart(key)}`;
  const child = newNode({
    pointer: pointer + part,
    keys: [...keys, key],
    field: field + (isList ? '/#' : part),
    positions: isList ? [...positions, key] : positions,
  });
  node.inner.set(name, child);
  return child;
}
