import { Ints } from './ints.ts';
import { KEPT, type KeyName, type Naming, nameOfTokens } from './key-names.ts';
import type { TreeHash } from './tree-hash.ts';

/** Words of a hash that are kept: 128 bits, so that two of millions of values are never taken for the same. */
const WORDS = 4;
const FULLEST = 0.7;
/** The hash of the words of a key in two numbers. */
const LOW = 0x200000;

/**
 * How many records have a value, and how many places of the new state hold it. It is a hash table in typed arrays: a million values take 60 MB, and the
 * garbage collector has nothing to do. Values are numbered from 0 on, in the order in which they come.
 */
export class HashCounts {
  /** By the hash: the number of a value plus 1; 0 is free. */
  #table = new Int32Array(1 << 11);
  #size = 0;
  #words = new Uint32Array(1024 * WORDS);
  #records = new Uint32Array(1024);
  #places = new Uint32Array(1024);
  /** Of the key of the first record with this value: how many words it has, and where its tokens begin, or the two halves of its hash. */
  #lengths = new Uint8Array(1024);
  readonly #starts = new Ints();
  readonly #tokens = new Ints();
  /** The best of what its places name; 0 before there is one. */
  #naming = new Uint8Array(1024);

  /** Counts a record, and returns the number of its value. @param name of its key */
  add(hash: TreeHash, name: KeyName): number {
    const slot = this.#slotOf(hash);
    const known = (this.#table[slot] ?? 0) - 1;
    if (known >= 0) {
      this.#records[known] = (this.#records[known] ?? 0) + 1;
      return known;
    }
    const value = this.#size++;
    if (value === this.#records.length) this.#makeRoom();
    this.#table[slot] = value + 1;
    this.#records[value] = 1;
    for (let at = 0; at < WORDS; at++) this.#words[value * WORDS + at] = word(hash, at);
    this.#addName(value, name);
    if (this.#size > this.#table.length * FULLEST) this.#growTable();
    return value;
  }

  /** The number of a value; -1 if no record has it. */
  find(hash: TreeHash): number {
    return (this.#table[this.#slotOf(hash)] ?? 0) - 1;
  }

  /** Counts a place that holds a value. */
  addPlace(value: number, naming: Naming): void {
    this.#places[value] = (this.#places[value] ?? 0) + 1;
    this.#naming[value] = Math.max(this.#naming[value] ?? 0, naming);
  }

  recordsOf(value: number): number {
    return this.#records[value] ?? 0;
  }

  placesOf(value: number): number {
    return this.#places[value] ?? 0;
  }

  /** The best of what the places of a value name; 0 if it has none. */
  namingOf(value: number): number {
    return this.#naming[value] ?? 0;
  }

  /** Of the key of the first record with this value. */
  nameOf(value: number): KeyName {
    const [length, from] = [this.#lengths[value] ?? 0, this.#starts.at(value)];
    const at = (position: number): number => this.#tokens.at(from + position) >>> 0;
    if (length > KEPT) return { tokens: [], length, sequence: at(0) * LOW + at(1) };
    return nameOfTokens(Array.from({ length }, (_, position) => at(position)));
  }

  #addName(value: number, { tokens, length, sequence }: KeyName): void {
    this.#lengths[value] = length;
    this.#starts.push(this.#tokens.length);
    for (const each of length > KEPT ? [Math.floor(sequence / LOW), sequence % LOW] : tokens) this.#tokens.push(each);
  }

  /** Where a value is in the table, or would be. */
  #slotOf(hash: TreeHash): number {
    const mask = this.#table.length - 1;
    for (let slot = word(hash, 0) & mask; ; slot = (slot + 1) & mask) {
      const value = (this.#table[slot] ?? 0) - 1;
      if (value < 0) return slot;
      let at = 0;
      while (at < WORDS && this.#words[value * WORDS + at] === word(hash, at)) at++;
      if (at === WORDS) return slot;
    }
  }

  #growTable(): void {
    const table = new Int32Array(this.#table.length * 2);
    const mask = table.length - 1;
    for (let value = 0; value < this.#size; value++) {
      let slot = (this.#words[value * WORDS] ?? 0) & mask;
      while (table[slot] !== 0) slot = (slot + 1) & mask;
      table[slot] = value + 1;
    }
    this.#table = table;
  }

  #makeRoom(): void {
    const more = this.#records.length * 2;
    this.#words = copied(this.#words, new Uint32Array(more * WORDS));
    this.#records = copied(this.#records, new Uint32Array(more));
    this.#places = copied(this.#places, new Uint32Array(more));
    this.#lengths = copied(this.#lengths, new Uint8Array(more));
    this.#naming = copied(this.#naming, new Uint8Array(more));
  }
}

function copied<Numbers extends Uint32Array | Uint8Array>(from: Numbers, to: Numbers): Numbers {
  to.set(from);
  return to;
}

function word(hash: TreeHash, at: number): number {
  const from = at * 4;
  return (
    (hash.charCodeAt(from) |
      (hash.charCodeAt(from + 1) << 8) |
      (hash.charCodeAt(from + 2) << 16) |
      (hash.charCodeAt(from + 3) << 24)) >>>
    0
  );
}
