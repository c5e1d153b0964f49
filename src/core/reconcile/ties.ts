import { keysOf, pointerTo, type Json } from '../records/json.ts';
import { normalForm } from '../records/normal-form.ts';
import type { AccountedRecord, AccountedValue, At, OldRecord } from './accounted.ts';
import type { ReadDocument } from './documents.ts';
import {
  holdsWords,
  type KeyName,
  KeyNames,
  nameOf,
  OF_ITSELF,
  OF_OTHER,
  tokensOfPlace,
  wordsOf,
} from './key-names.ts';
import { TextsBeside } from './texts-beside.ts';
import { isObject } from './tree-hash.ts';
import { leavesOf } from './value.ts';

/** As many places of a record are looked at. */
const MAX_LOOKED_AT = 20;

/**
 * What ties a record to the place where step 3 has found it. Its values may stand there and yet be another record's: the key of a record is nothing that step 3
 * looks for. The place may say the key (in the path of its file, or in the keys above it), a field beside the values may, or the values themselves do.
 */
export class Ties {
  readonly #names = new KeyNames();
  readonly #keys: ReadonlySet<string>;
  /** Hash of the words of a key -> one of the records that have it. */
  readonly #named = new Map<number, OldRecord>();
  readonly #documents = new Map<string, ReadDocument>();
  readonly #shared: ReadonlySet<string>;
  readonly #texts = new TextsBeside();

  /** @param shared paths of databases in which other records have their key: an entry there is a record's only under its own key */
  constructor(records: readonly OldRecord[], documents: readonly ReadDocument[], shared: ReadonlySet<string>) {
    this.#shared = shared;
    this.#keys = new Set(records.map(({ key }) => key));
    for (const record of records) {
      const name = nameOf(wordsOf(record.key));
      this.#names.add(name);
      this.#named.set(name.sequence, record);
    }
    for (const document of documents) this.#documents.set(`${document.file}\0${document.pointer}`, document);
  }

  /**
   * The record as it was judged if something ties it to its place; otherwise `by-value`, or `partly` or `missing` if the place is another one's. What is wrong
   * for another reason stays as it is.
   * @param isMisplaced whether its whole value stands only in places that say the keys of others
   */
  judge(record: AccountedRecord, old: OldRecord, isMisplaced: boolean): AccountedRecord {
    const tied = isThere(record) ? this.#tie(record, old) : record;
    return isMisplaced && isThere(tied) ? withStatus(tied, 'partly') : tied;
  }

  #tie(record: AccountedRecord, { key, value }: OldRecord): AccountedRecord {
    const words = wordsOf(key);
    const own = nameOf(words);
    const all = record.values.flatMap((each) => each.at);
    // A reference to another record is a value of this one.
    const mine = new Set(leavesOf(value).map((leaf) => normalForm(leaf.value)));
    let isOfOther = false;
    for (const at of all.slice(0, MAX_LOOKED_AT)) {
      const { keys, texts } = this.#above(at);
      const naming = this.#names.namingOf(own, tokensOfPlace(at.file, keys));
      if (naming === OF_ITSELF || texts.includes(key)) return this.#withoutOthers(record, own);
      isOfOther ||= naming === OF_OTHER || texts.some((text) => this.#keys.has(text) && !mine.has(normalForm(text)));
    }
    if (all.length > 0 && all.every(({ file }) => this.#shared.has(file))) return withStatus(record, 'missing');
    if (isOfOther) return withStatus(record, 'partly');
    return holdsWords(value, words) ? record : withStatus(record, 'by-value');
  }

  /** A record that something ties to one of its places, with the values that stand only where others have theirs. */
  #withoutOthers(record: AccountedRecord, own: KeyName): AccountedRecord {
    const values = record.values;
    // Values that stand beside each other are one's.
    if (new Set(values.map(({ at: [at] }) => at && at.file + at.pointer.replace(/\/[^/]*$/, ''))).size === 1)
      return record;
    const bad = new Set(
      values.filter((value) => value.at.length > 0 && value.at.every((at) => this.#isOfOther(at, value, own))),
    );
    if (bad.size === 0) return record;
    return {
      ...record,
      status: 'partly',
      values: values.map((each) => (bad.has(each) ? { ...each, status: 'partly' } : each)),
    };
  }

  /** Whether a place says only the key of another record, which does not have the value itself. */
  #isOfOther(at: At, { was, status }: AccountedValue, own: KeyName): boolean {
    if (status === 'by-value') return false;
    const words = tokensOfPlace(at.file, this.#above(at).keys);
    const keys = this.#names.keysIn(words);
    if (keys.includes(own.sequence) || this.#names.namingOf(own, words) !== OF_OTHER) return false;
    const form = normalForm(was);
    // A value that is a key is there only if others of its record are in that object.
    if (normalForm(keysOf(at.pointer).at(-1) ?? '') === form) return false;
    return !keys.some((key) =>
      leavesOf(this.#named.get(key)?.value ?? null).some(({ value }) => normalForm(value) === form),
    );
  }

  /** The keys above a place, without positions in lists, and the texts and numbers right in the objects that it is in. */
  #above({ file, pointer }: At): { keys: string[]; texts: string[] } {
    const [keys, texts]: [string[], string[]] = [[], []];
    const all = keysOf(pointer);
    const [first = '', ...inner] = all;
    const whole = this.#documents.get(`${file}\0`);
    const entry = this.#documents.get(`${file}\0${pointerTo(first)}`);
    if (whole === undefined && entry?.isLine === false) keys.push(first);
    let node: Json | undefined = (whole ?? entry)?.value;
    for (const key of whole === undefined ? inner : all) {
      if (typeof node !== 'object' || node === null) break;
      if (!isObject(node)) node = node[Number(key)];
      else {
        keys.push(key);
        texts.push(...this.#texts.in(node));
        node = Object.hasOwn(node, key) ? node[key] : undefined;
      }
    }
    return { keys, texts };
  }
}

function isThere({ status }: AccountedRecord): boolean {
  return status === 'found' || status === 'folded' || status === 'by-value';
}

/** The values stand somewhere, but nothing says that it is where this record stands. */
function withStatus(record: AccountedRecord, status: 'partly' | 'by-value' | 'missing'): AccountedRecord {
  return { ...record, status, values: record.values.map((value) => ({ ...value, status })) };
}
