import type { Json } from '../records/json.ts';

/** Tokens of a key that are compared; of a longer one, the first. */
export const TOKENS = 4;
/** A key is never found in more of the last tokens of a place than these. */
const LONGEST = 8;
const FULLEST = 0.7;
const NO_KEY = 0;

/** Whose name a place says: the name of the record itself, of another one, or none. */
export const OF_OTHER = 1;
export const OF_NOBODY = 2;
export const OF_ITSELF = 3;
export type Naming = typeof OF_OTHER | typeof OF_NOBODY | typeof OF_ITSELF;

/** The words of letters and digits in a text. */
export function wordsOf(text: string): readonly string[] {
  return text.match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** A hash (FNV-1a) of a word, never 0. */
export function tokenOf(word: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193);
  return hash >>> 0 || 1;
}

export function tokensOf(text: string): number[] {
  return wordsOf(text).map(tokenOf);
}

/** The words of a place in their order: of the path of its file without the suffix, then of the keys above it. Positions in lists are no keys. */
export function tokensOfPlace(file: string, keys: readonly string[]): number[] {
  return [file.replace(/\.[^./]*$/, ''), ...keys].flatMap(tokensOf);
}

/** 53 bits of a sequence of tokens, never 0: what a key of these words has in the table. */
function sequenceOf(tokens: readonly number[]): number {
  let [high, low] = [0x811c9dc5, 0x9e3779b9];
  for (const token of tokens) {
    high = Math.imul(high ^ token, 0x01000193);
    low = Math.imul(low + token, 0x85ebca6b) ^ (low >>> 13);
  }
  return (high >>> 0) * 0x200000 + (low & 0x1fffff) || 1;
}

/** The words of the keys of all records that are looked for. A key takes ten bytes. */
export class KeyNames {
  #table = new Float64Array(1 << 10);
  #size = 0;

  /** Takes the words of a key. A key without words, and one with more than are compared, names no place. */
  add(tokens: readonly number[]): void {
    if (tokens.length === 0 || tokens.length > LONGEST) return;
    if (!this.#put(this.#table, sequenceOf(tokens))) return;
    this.#size++;
    if (this.#size <= this.#table.length * FULLEST) return;
    const larger = new Float64Array(this.#table.length * 2);
    for (const known of this.#table) if (known !== NO_KEY) this.#put(larger, known);
    this.#table = larger;
  }

  /**
   * Whose name a place says.
   * @param own the first tokens of the record's key
   * @param words `tokensOfPlace` of it
   */
  namingOf(own: readonly number[], words: readonly number[]): Naming {
    if (isNamed(own, words)) return OF_ITSELF;
    for (let end = words.length; end > 0; end--)
      for (let from = end - 1; from >= Math.max(0, end - LONGEST); from--) {
        const some = words.slice(from, end);
        if (some.every((token) => own.includes(token))) continue;
        if (this.#has(sequenceOf(some))) return OF_OTHER;
      }
    return OF_NOBODY;
  }

  /** False if it is there already. */
  #put(table: Float64Array, key: number): boolean {
    const slot = slotOf(table, key);
    if (table[slot] === key) return false;
    table[slot] = key;
    return true;
  }

  #has(key: number): boolean {
    return this.#table[slotOf(this.#table, key)] === key;
  }
}

/** Whether all tokens of a key are among the words of a place. */
export function isNamed(own: readonly number[], words: readonly number[]): boolean {
  return own.length > 0 && own.every((token) => words.includes(token));
}

function slotOf(table: Float64Array, key: number): number {
  const mask = table.length - 1;
  let slot = key % table.length;
  while (table[slot] !== NO_KEY && table[slot] !== key) slot = (slot + 1) & mask;
  return slot;
}

/** Whether each of the words stands in a text or number of the value, as a word. The names of fields do not count: all records have them. */
export function holdsWords(value: Json, words: readonly string[]): boolean {
  return words.length > 0 && words.every((word) => holdsWord(value, word));
}

function holdsWord(value: Json, word: string): boolean {
  if (typeof value === 'string') return hasWord(value, word);
  if (typeof value === 'number') return String(value) === word;
  if (typeof value !== 'object' || value === null) return false;
  for (const inner of Object.values(value)) if (holdsWord(inner, word)) return true;
  return false;
}

const IN_WORD = /[\p{L}\p{N}]/u;

function hasWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const [before = '', after = ''] = [text[at - 1], text[at + word.length]];
    if (!IN_WORD.test(before) && !IN_WORD.test(after)) return true;
  }
  return false;
}
