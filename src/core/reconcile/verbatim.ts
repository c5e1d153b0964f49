import { keyText } from '../databases/key-text.ts';
import { pointerTo } from '../records/json.ts';
import type { At } from './accounted.ts';
import type { ReadDocument } from './documents.ts';
import { HashCounts, TOKENS } from './hash-counts.ts';
import { Marks } from './marks.ts';
import { isTelling, TreeHasher } from './tree-hash.ts';
import { parseValue } from './value.ts';

/** A token of a key is meant by the places if at least this share of them names it. */
const MEANT = 0.75;

/**
 * Step 2: which records stand somewhere as they are. A record is found if its value, whatever the order of its keys, is an entry, a file, a line or a
 * subtree. Each place counts once: if fewer places have a value than records, none of these records is found. And if most places name a part of the key of
 * the record that they hold (the file `31337/LookCoin.json` names both of `31337-LookCoin`), a place that does not name it counts for nothing.
 */
export class Verbatim {
  readonly #counts = new HashCounts();
  /** By number of the record: the number of its value plus 1. */
  readonly #values = new Marks(Int32Array);
  readonly #places = new Map<number, At>();
  readonly #mostPlaces: number;
  #taken = 0;
  readonly #ofRecords = new TreeHasher();
  #hasText = false;
  #finder: TreeHasher | undefined;
  #document: ReadDocument | undefined;
  /** By position of the token: whether the places name it. */
  #meant = 0;

  /** @param mostPlaces of more records than this, places are not kept: that takes memory for each record */
  constructor(mostPlaces: number) {
    this.#mostPlaces = mostPlaces;
  }

  /** Takes a record that is looked for. */
  take(number: number, key: Buffer, bytes: Buffer): void {
    this.#taken++;
    const value = parseValue(bytes);
    this.#hasText ||= typeof value === 'string';
    const known = this.#counts.add(this.#ofRecords.hash(value), () => tokensOf(keyText(key)));
    this.#values.set(number, known + 1);
  }

  /** Looks through documents of the new state. Called once all records are taken. */
  look(batch: readonly ReadDocument[]): void {
    this.#finder ??= this.#makeFinder();
    for (const document of batch) {
      this.#document = document;
      this.#finder.hash(document.value);
    }
  }

  /** Decides which tokens places name. Called once all was looked through. */
  settle(): void {
    const [there, named] = [new Uint32Array(TOKENS), new Uint32Array(TOKENS)];
    for (let value = 0; value < this.#counts.size; value++) {
      if (this.#counts.recordsOf(value) !== 1 || this.#counts.placesOf(value) === 0) continue;
      const tokens = this.#counts.tokensOf(value);
      for (let at = 0; at < TOKENS; at++) {
        if ((tokens.there & (1 << at)) !== 0) there[at] = (there[at] ?? 0) + 1;
        if ((tokens.named & (1 << at)) !== 0) named[at] = (named[at] ?? 0) + 1;
      }
    }
    for (let at = 0; at < TOKENS; at++) {
      const count = named[at] ?? 0;
      if (count > 0 && count >= MEANT * (there[at] ?? 0)) this.#meant |= 1 << at;
    }
  }

  /** Whether a record that was taken is found. */
  isFound(number: number): boolean {
    return this.#isFound(this.#values.get(number) - 1);
  }

  /** Whether a document as a whole is the value of a record that is found. */
  isUsed(document: ReadDocument): boolean {
    return this.#isFound(this.#counts.find(this.#ofRecords.hash(document.value)));
  }

  /** The first place where the value of a record was seen; undefined if places are not kept. */
  placeOf(number: number): At | undefined {
    return this.#places.get(this.#values.get(number) - 1);
  }

  /** Whether a record stands as it is, but only in a place that has the name of another record: in its file, or under its key. */
  isMisplaced(number: number): boolean {
    const value = this.#values.get(number) - 1;
    const place = this.#places.get(value);
    if (place === undefined || this.#meant === 0 || this.#counts.recordsOf(value) !== 1 || this.#isFound(value))
      return false;
    const keys = place.pointer.split('/').filter((part) => !/^\d*$/.test(part));
    const named = new Set([place.file, ...keys].flatMap(tokensOf));
    for (let other = 0; other < this.#counts.size; other++)
      if (other !== value && this.#counts.isNamedBy(other, this.#meant, named)) return true;
    return false;
  }

  #isFound(value: number): boolean {
    if (value < 0 || this.#counts.placesOf(value) < this.#counts.recordsOf(value)) return false;
    if (this.#counts.recordsOf(value) > 1) return true;
    const { there, named } = this.#counts.tokensOf(value);
    return (there & this.#meant & ~named) === 0;
  }

  #makeFinder(): TreeHasher {
    const names = new NamedTokens();
    return new TreeHasher((hash, json, path) => {
      const value = this.#counts.find(hash);
      const document = this.#document;
      if (value < 0 || document === undefined || (path.length > 0 && !isTelling(json))) return;
      const named = names.at(document, path);
      this.#counts.addPlace(value, (token) => named.has(token));
      if (this.#taken > this.#mostPlaces || this.#places.has(value)) return;
      const inner = pointerTo(...path);
      this.#places.set(value, { file: document.file, pointer: document.pointer + inner });
    }, this.#hasText);
  }
}

/** The tokens that a place names: of the path of its file, and of the keys above it. Positions in lists name nothing. */
class NamedTokens {
  #file = '';
  #inFile = new Set<number>();

  at({ file, pointer, isLine }: ReadDocument, path: readonly (string | number)[]): ReadonlySet<number> {
    if (file !== this.#file) {
      this.#file = file;
      this.#inFile = new Set(tokensOf(file));
    }
    const keys = path.filter((part) => typeof part === 'string');
    if (keys.length === 0 && (isLine || pointer === '')) return this.#inFile;
    return new Set([...this.#inFile, ...[isLine ? '' : pointer, ...keys].flatMap(tokensOf)]);
  }
}

/** Hashes (FNV-1a) of the words of letters and digits in a text, never 0. */
function tokensOf(text: string): number[] {
  return (text.match(/[\p{L}\p{N}]+/gu) ?? []).map((word) => {
    let hash = 0x811c9dc5;
    for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193);
    return hash >>> 0 || 1;
  });
}
