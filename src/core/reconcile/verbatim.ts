import { keyText } from '../databases/key-text.ts';
import { pointerTo, valueAt } from '../records/json.ts';
import type { At } from './accounted.ts';
import type { ReadDocument } from './documents.ts';
import { HashCounts } from './hash-counts.ts';
import {
  holdsWords,
  type KeyName,
  KeyNames,
  mayName,
  nameOf,
  OF_ITSELF,
  OF_NOBODY,
  OF_OTHER,
  tokensOf,
  tokensOfPlace,
  wordsOf,
} from './key-names.ts';
import { Marks } from './marks.ts';
import { TextsBeside } from './texts-beside.ts';
import { isTelling, TreeHasher, type TreePath } from './tree-hash.ts';
import { parseValue } from './value.ts';

/** One of several records with the same value. */
interface Sharer {
  readonly number: number;
  readonly name: KeyName;
}

/** Of a value that more records have, only the first are told apart. */
const MAX_SHARERS = 1000;

/** `by-value`: the value is there, but nothing says that it is this record's. `misplaced`: it stands only where another record's name is. */
export type Standing = 'found' | 'by-value' | 'misplaced' | 'absent';

/**
 * Step 2: which records stand somewhere as they are. A record is found if its value, whatever the order of its keys, is an entry, a file, a line or a
 * subtree, and something ties the place to it: the place says its key (the file `31337/LookCoin.json` says that of `31337-LookCoin`), or the value does.
 * Each place counts once: if fewer places have a value than records, none of these records is found. Of several records with one value, those are found
 * whose key a place says.
 */
export class Verbatim {
  readonly #counts = new HashCounts();
  readonly #keys = new KeyNames();
  /** By number of the record: the number of its value plus 1. */
  readonly #values = new Marks(Int32Array);
  /** By number of the record: 1 if its value says its key. */
  readonly #saysKey = new Marks();
  /** By number of the record, if others have the same value: 1 if a place says its key. */
  readonly #named = new Marks();
  /** Number of a value -> the first records that have it. */
  readonly #sharers = new Map<number, Sharer[]>();
  readonly #places = new Map<number, At>();
  readonly #mostPlaces: number;
  #taken = 0;
  readonly #ofRecords = new TreeHasher();
  #hasText = false;
  #finder: TreeHasher | undefined;
  #document: ReadDocument | undefined;
  readonly #shared: ReadonlySet<string>;
  readonly #texts = new TextsBeside();

  /**
   * @param mostPlaces of more records than this, places are not kept, nor who shares a value: that takes memory for each record
   * @param shared paths of databases in which other records have their key: an entry counts there only under the record's own key
   */
  constructor(mostPlaces: number, shared: ReadonlySet<string> = new Set()) {
    this.#mostPlaces = mostPlaces;
    this.#shared = shared;
  }

  /** Takes a record that is looked for. */
  take(number: number, key: Buffer, bytes: Buffer): void {
    this.#taken++;
    const value = parseValue(bytes);
    this.#hasText ||= typeof value === 'string';
    const words = wordsOf(keyText(key));
    const name = nameOf(words);
    this.#keys.add(name);
    if (holdsWords(value, words)) this.#saysKey.set(number, 1);
    const known = this.#counts.add(this.#ofRecords.hash(value), name);
    this.#values.set(number, known + 1);
    if (this.#taken <= this.#mostPlaces) this.#noteSharer(known, { number, name });
  }

  #noteSharer(value: number, sharer: Sharer): void {
    const sharers = this.#sharers.get(value);
    if (sharers === undefined) this.#sharers.set(value, [sharer]);
    else if (sharers.length < MAX_SHARERS) sharers.push(sharer);
  }

  /** Looks through documents of the new state. Called once all records are taken. */
  look(batch: readonly ReadDocument[]): void {
    this.#finder ??= this.#makeFinder();
    for (const document of batch) {
      this.#document = document;
      this.#finder.hash(document.value);
    }
  }

  /** What is known of a record that was taken. */
  standingOf(number: number): Standing {
    const value = this.#values.get(number) - 1;
    if (!this.#isThere(value)) return 'absent';
    if (this.#counts.recordsOf(value) > 1) return this.#amongSharers(value, number);
    const naming = this.#counts.namingOf(value);
    if (naming === OF_ITSELF) return 'found';
    if (naming === OF_OTHER) return 'misplaced';
    return this.#saysKey.get(number) === 1 ? 'found' : 'by-value';
  }

  /** Where places say keys, they tell records of one value apart, if it is known who shares it. */
  #amongSharers(value: number, number: number): Standing {
    if (this.#named.get(number) === 1) return 'found';
    const sharers = this.#sharers.get(value) ?? [];
    const isKnown = sharers.some((each) => each.number === number);
    return isKnown && sharers.some((each) => this.#named.get(each.number) === 1) ? 'misplaced' : 'by-value';
  }

  /** Whether a document as a whole is the value of a record that is there. */
  isUsed(document: ReadDocument): boolean {
    return this.#isThere(this.#counts.find(this.#ofRecords.hash(document.value)));
  }

  /** The first place where the value of a record was seen; undefined if places are not kept. */
  placeOf(number: number): At | undefined {
    return this.#places.get(this.#values.get(number) - 1);
  }

  #isThere(value: number): boolean {
    return (
      value >= 0 && this.#counts.placesOf(value) > 0 && this.#counts.placesOf(value) >= this.#counts.recordsOf(value)
    );
  }

  /** The keys that stand directly beside a value, if they are those of records. */
  #keysBeside({ value }: ReadDocument, path: TreePath): KeyName[] {
    const outer = path.length === 0 ? null : (valueAt(value, path.slice(0, -1).map(String)) ?? null);
    if (typeof outer !== 'object' || outer === null) return [];
    return this.#texts
      .in(outer)
      .map((text) => nameOf(wordsOf(text)))
      .filter((name) => this.#keys.has(name));
  }

  #makeFinder(): TreeHasher {
    const names = new PlaceNames();
    return new TreeHasher((hash, json, path) => {
      const value = this.#counts.find(hash);
      const document = this.#document;
      if (value < 0 || document === undefined || (path.length > 0 && !isTelling(json))) return;
      const words = names.at(document, path);
      const beside = this.#keysBeside(document, path);
      const isBeside = ({ sequence }: KeyName): boolean => beside.some((each) => each.sequence === sequence);
      const isNamed = (name: KeyName): boolean =>
        isBeside(name) || (mayName(name, words) && this.#keys.namingOf(name, words) === OF_ITSELF);
      const named = (this.#sharers.get(value) ?? []).filter(({ name }) => isNamed(name));
      for (const sharer of named) this.#named.set(sharer.number, 1);
      const own = this.#counts.nameOf(value);
      const said = named.length > 0 || isBeside(own) ? OF_ITSELF : this.#keys.namingOf(own, words);
      const naming = said === OF_NOBODY && beside.length > 0 ? OF_OTHER : said;
      if (naming !== OF_ITSELF && this.#shared.has(document.file)) return;
      this.#counts.addPlace(value, naming);
      if (this.#taken > this.#mostPlaces || this.#places.has(value)) return;
      this.#places.set(value, { file: document.file, pointer: document.pointer + pointerTo(...path) });
    }, this.#hasText);
  }
}

/** The tokens of places, one after another: those of a file are worked out once. */
class PlaceNames {
  #file = '';
  #inFile: readonly number[] = [];

  at({ file, pointer, isLine }: ReadDocument, path: readonly (string | number)[]): readonly number[] {
    if (file !== this.#file) {
      this.#file = file;
      this.#inFile = tokensOfPlace(file, []);
    }
    const keys = path.filter((part) => typeof part === 'string');
    if (keys.length === 0 && (isLine || pointer === '')) return this.#inFile;
    return [...this.#inFile, ...[isLine ? '' : pointer, ...keys].flatMap(tokensOf)];
  }
}
