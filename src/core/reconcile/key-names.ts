import type { Json } from '../records/json.ts';

/** Of a key with no more words than this its words are known, of a longer one the hash of all of them: then a place says it only as it is. */
export const KEPT = 8;
/** What follows in a longer key does not count. */
const MOST_WORDS = 255;
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

/** The words of a key, as they are compared. */
export interface KeyName {
  /** None if there are more than `KEPT`. */
  readonly tokens: readonly number[];
  /** How many words there are. */
  readonly length: number;
  /** A hash of all words in their order. */
  readonly sequence: number;
}

export function nameOf(words: readonly string[]): KeyName {
  return nameOfTokens((words.length > MOST_WORDS ? words.slice(0, MOST_WORDS) : words).map(tokenOf));
}

export function nameOfTokens(tokens: readonly number[]): KeyName {
  return { tokens: tokens.length > KEPT ? [] : tokens, length: tokens.length, sequence: sequenceOf(tokens) };
}

/** The words of a place in their order: of the path of its file without the suffix, then of the keys above it. Positions in lists are no keys. */
export function tokensOfPlace(file: string, keys: readonly string[]): number[] {
  return [file.replace(/\.[^./]*$/, ''), ...keys].flatMap(tokensOf);
}

/** 53 bits of a sequence of tokens, never 0: what a key of these words has in the table. An object for each would be garbage for each record. */
function sequenceOf(tokens: readonly number[], from = 0, end = tokens.length): number {
  let [high, low] = [0x811c9dc5 | 0, 0x9e3779b9 | 0];
  for (let at = from; at < end; at++) {
    const token = tokens[at] ?? 0;
    high = Math.imul(high ^ token, 0x01000193);
    low = Math.imul(low + token, 0x85ebca6b) ^ (low >>> 13);
  }
  return (high >>> 0) * 0x200000 + (low & 0x1fffff) || 1;
}

/** Where a key stands in the words of a place. */
interface Span {
  readonly from: number;
  readonly end: number;
  readonly sequence: number;
}

/** The words of the keys of all records that are looked for. A key takes ten bytes. */
export class KeyNames {
  #table = new Float64Array(1 << 10);
  #size = 0;
  /** How many words keys have. */
  readonly #lengths = new Set<number>();

  /** Takes the words of a key. A key without words names no place. */
  add({ length, sequence }: KeyName): void {
    if (length === 0) return;
    this.#lengths.add(length);
    if (!this.#put(this.#table, sequence)) return;
    this.#size++;
    if (this.#size <= this.#table.length * FULLEST) return;
    const larger = new Float64Array(this.#table.length * 2);
    for (const known of this.#table) if (known !== NO_KEY) this.#put(larger, known);
    this.#table = larger;
  }

  /** Whether a key of some record has these words. */
  has({ length, sequence }: KeyName): boolean {
    return length > 0 && this.#has(sequence);
  }

  /**
   * Whose name a place says. It says a key if it has its words one after another, unless they are a part of another key there; or if it has all of them,
   * unless those are another key in the order in which it has them.
   * @param words `tokensOfPlace` of it
   */
  namingOf(own: KeyName, words: readonly number[]): Naming {
    const spans = this.#spansIn(words);
    if (spans.length === 0 && !mayName(own, words)) return OF_NOBODY;
    const mine = spans.filter(({ sequence }) => sequence === own.sequence);
    const others = spans.filter(({ sequence }) => sequence !== own.sequence);
    if (mine.some((span) => !others.some((other) => other.from <= span.from && other.end >= span.end)))
      return OF_ITSELF;
    if (mine.length > 0) return OF_OTHER;
    const isIn = (from: number, end: number): boolean =>
      own.tokens.every((token) => words.slice(from, end).includes(token));
    if (own.tokens.length > 0 && isIn(0, words.length))
      return others.some(({ from, end }) => isIn(from, end)) || this.#isReordered(own, words) ? OF_OTHER : OF_ITSELF;
    const isOther = others.some(
      ({ from, end }) =>
        end - from >= own.length || words.slice(from, end).some((token) => !own.tokens.includes(token)),
    );
    return isOther ? OF_OTHER : OF_NOBODY;
  }

  /** The hashes of the keys that stand in the words of a place, one word after another. */
  keysIn(words: readonly number[]): number[] {
    return this.#spansIn(words).map(({ sequence }) => sequence);
  }

  /** Whether the words of a key, as they follow each other in a place, are another key. */
  #isReordered({ tokens, length, sequence }: KeyName, words: readonly number[]): boolean {
    const some = words.filter((token) => tokens.includes(token));
    const said = some.slice(length - 1).map((_, from) => sequenceOf(some.slice(from, from + length)));
    return !said.includes(sequence) && said.some((each) => this.#has(each));
  }

  /** The keys that stand in the words of a place, one word after another. */
  #spansIn(words: readonly number[]): Span[] {
    const spans: Span[] = [];
    for (let from = 0; from < words.length; from++)
      for (const length of this.#lengths) {
        const end = from + length;
        if (end > words.length) continue;
        const sequence = sequenceOf(words, from, end);
        if (this.#has(sequence)) spans.push({ from, end, sequence });
      }
    return spans;
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

/** Whether a place with these words may say a key. */
export function mayName({ tokens, length }: KeyName, words: readonly number[]): boolean {
  return length > 0 && length <= words.length && tokens.every((token) => words.includes(token));
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
