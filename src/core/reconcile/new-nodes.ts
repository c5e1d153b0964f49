import { type Json, keysOf, pointerTo, valueAt } from '../records/json.ts';
import { normalForm } from '../records/normal-form.ts';
import type { At, NewDocument } from './accounted.ts';
import { Ints, Numbered } from './ints.ts';
import type { OldValues } from './old-values.ts';
import { nestsTooDeep } from './value.ts';

export const SCALAR = 0;
export const OBJECT = 1;
export const LIST = 2;

/**
 * Every value of the new documents as a node of a tree: numbers in a few arrays, because there are millions. Nodes are in the order of the documents, a node
 * before what is in it, so what is in node `n` are the nodes from `n + 1` to `endOf(n) - 1`.
 */
export class NewNodes {
  readonly documents: readonly NewDocument[];
  /** Documents that nest too deep; they have no nodes. */
  readonly tooDeep: NewDocument[] = [];
  /** The node of each document's value. */
  readonly roots: number[] = [];
  readonly keys = new Numbered();
  readonly #old: OldValues;
  readonly #parent = new Ints();
  readonly #key = new Ints();
  readonly #end = new Ints();
  readonly #form = new Ints();
  readonly #kind = new Ints();
  /** By key: the key that stands for all that are the same in normal form. */
  readonly #same = new Ints();
  /** By key: its form, if old records have it. */
  readonly #keyForm = new Ints();
  #table = new Int32Array(0);

  constructor(old: OldValues, documents: readonly NewDocument[]) {
    this.#old = old;
    this.documents = documents;
    for (const document of documents) this.#addDocument(document);
    this.#buildTable();
  }

  get length(): number {
    return this.#parent.length;
  }

  /** -1 at the top of a file. */
  parentOf(node: number): number {
    return this.#parent.at(node);
  }

  /** The node's key, as numbered in `keys`; -1 for the value of a whole file. */
  keyOf(node: number): number {
    return this.#key.at(node);
  }

  /** As it is written; empty for the value of a whole file. */
  keyTextOf(node: number): string {
    return this.keys.texts[this.keyOf(node)] ?? '';
  }

  /** The key that stands for all that are the same in normal form; -1 if there is no such key. */
  sameKey(text: string): number {
    return this.keys.find(normalForm(text));
  }

  sameKeyOf(node: number): number {
    return this.#same.at(this.#key.at(node));
  }

  endOf(node: number): number {
    return this.#end.at(node);
  }

  /** Of a leaf, as numbered by the old values; -1 if no old record has it. */
  formOf(node: number): number {
    return this.#form.at(node);
  }

  kindOf(node: number): number {
    return this.#kind.at(node);
  }

  /** The form of the key at which a node stands; -1 for a position in a list, or if no old record has it. */
  keyFormOf(node: number): number {
    const parent = this.parentOf(node);
    return parent >= 0 && this.kindOf(parent) === LIST ? -1 : this.#keyForm.at(this.keyOf(node));
  }

  /** What is directly in a node. */
  *inside(node: number): Generator<number> {
    for (let child = node + 1; child < this.endOf(node); child = this.endOf(child)) yield child;
  }

  firstInside(node: number, limit: number): number[] {
    const found: number[] = [];
    for (const child of this.inside(node)) {
      if (found.length === limit) break;
      found.push(child);
    }
    return found;
  }

  /** -1 if there is none. `key` is one that stands for others (`sameKey`). */
  child(parent: number, key: number): number {
    const mask = this.#table.length - 1;
    for (let at = slotOf(parent, key) & mask; ; at = (at + 1) & mask) {
      const node = (this.#table[at] ?? 0) - 1;
      if (node < 0 || (this.parentOf(node) === parent && this.sameKeyOf(node) === key)) return node;
    }
  }

  /** The nodes from the top of the file to this one, without the top itself. */
  wayTo(node: number): number[] {
    const way: number[] = [];
    for (let at = node; at >= 0; at = this.parentOf(at)) if (this.keyOf(at) >= 0) way.push(at);
    return way.toReversed();
  }

  placeOf(node: number): At {
    const keys = this.wayTo(node).map((each) => this.keyTextOf(each));
    return { file: this.#documentOf(node)?.file ?? '', pointer: pointerTo(...keys) };
  }

  /** Whether the key of a node is a position, in a list or among lines. */
  isAtPosition(node: number): boolean {
    const parent = this.parentOf(node);
    return parent < 0 ? this.#documentOf(node)?.isLine === true : this.kindOf(parent) === LIST;
  }

  valueOf(node: number): Json {
    const at = this.#rootPosition(node);
    const above = this.wayTo(this.roots[at] ?? 0).length;
    const keys = this.wayTo(node).slice(above);
    const texts = keys.map((each) => this.keyTextOf(each));
    return valueAt(this.#documentOf(node)?.value ?? null, texts) ?? null;
  }

  #documentOf(node: number): NewDocument | undefined {
    return this.#readable[this.#rootPosition(node)];
  }

  /** The last root that is not after the node. */
  #rootPosition(node: number): number {
    let [low, high] = [0, this.roots.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.roots[middle] ?? 0) <= node) low = middle;
      else high = middle;
    }
    return low;
  }

  readonly #readable: NewDocument[] = [];

  #addDocument(document: NewDocument): void {
    if (nestsTooDeep(document.value)) {
      this.tooDeep.push(document);
      return;
    }
    let parent = -1;
    const above = keysOf(document.pointer);
    const last = above.pop();
    for (const key of above) parent = this.#push(parent, key, OBJECT);
    this.#readable.push(document);
    this.roots.push(this.length);
    this.#addValue(document.value, parent, last ?? null);
  }

  #addValue(value: Json, parent: number, key: string | null): void {
    const isLeaf = typeof value !== 'object' || value === null || Object.keys(value).length === 0;
    const node = this.#push(parent, key, isLeaf ? SCALAR : Array.isArray(value) ? LIST : OBJECT);
    if (isLeaf) this.#form.set(node, this.#old.forms.find(normalForm(value)));
    else for (const [inner, each] of Object.entries(value)) this.#addValue(each, node, inner);
    this.#end.set(node, this.length);
  }

  #push(parent: number, key: string | null, kind: number): number {
    this.#parent.push(parent);
    this.#key.push(key === null ? -1 : this.#numberKey(key));
    this.#form.push(-1);
    this.#kind.push(kind);
    return this.#end.push(this.length);
  }

  #numberKey(key: string): number {
    const known = this.keys.find(key);
    if (known >= 0) return known;
    const number = this.keys.number(key);
    const form = normalForm(key);
    this.#same.push(number);
    this.#keyForm.push(this.#old.forms.find(form));
    if (form !== key) this.#same.set(number, this.#numberKey(form));
    return number;
  }

  /** A hash table of what is in another node, by parent and key. */
  #buildTable(): void {
    const size = 2 ** Math.ceil(Math.log2(Math.max(8, this.length * 1.6)));
    this.#table = new Int32Array(size);
    for (let node = 0; node < this.length; node++) {
      if (this.parentOf(node) < 0) continue;
      let at = slotOf(this.parentOf(node), this.sameKeyOf(node)) & (size - 1);
      while (this.#table[at] !== 0) at = (at + 1) & (size - 1);
      this.#table[at] = node + 1;
    }
  }
}

const slotOf = (parent: number, key: number): number => {
  const mixed = Math.imul(parent + 1, 0x9e37_79b1) ^ Math.imul(key + 1, 0x85eb_ca6b);
  return Math.imul(mixed ^ (mixed >>> 15), 0x2c1b_3c6d) >>> 1;
};
