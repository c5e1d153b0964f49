import { keyText } from '../databases/key-text.ts';
import { mergeByKey, type ReadableDatabase } from '../databases/merge-by-key.ts';
import { pointerTo } from '../records/json.ts';
import { accountInTurns } from './account.ts';
import type { Accounted, AccountedRecord, OldRecord } from './accounted.ts';
import type { ReadDocument } from './documents.ts';
import { FOUND, type Ledger, markOf, MAX_LISTED, MAX_SEARCHED, MAX_SEARCHED_BYTES, OPEN } from './ledger.ts';
import { Marks } from './marks.ts';
import type { NewReader } from './new-reader.ts';
import type { NewDatabase } from './new-state.ts';
import type { RuleUse } from './rule-use.ts';
import { haveInCommon, judgePair } from './same-key.ts';
import { parseValue } from './value.ts';

/** More databases than this are searched as documents only. */
const MAX_DATABASES = 200;

/** What a database of the new state says about keys. */
interface Compared {
  readonly marks: Marks;
  /** Records that are not found as they were, by number; at most MAX_LISTED. */
  readonly judged: Map<number, AccountedRecord>;
  /** All old records. */
  entries: number;
  /** Those that had no answer before, and how many of these have their key here. */
  open: number;
  keys: number;
  /** How many of these are the same record: equal, or with something in common. Not counted for the database in the old place. */
  alike: number;
  /** Whether a value is not at its pointer any more: its field may have another name now. */
  hasGaps: boolean;
  learned: Accounted | null;
}

/** Step 1: looks for the keys of the records in the databases of the same engine. */
export class KeySearch {
  /** What was learned of fields that have other names now. */
  learned: Accounted | null = null;
  readonly #old: ReadableDatabase & { readonly path: string };
  readonly #ledger: Ledger;
  readonly #rules: RuleUse;
  readonly #signal: AbortSignal | undefined;

  constructor(
    old: ReadableDatabase & { readonly path: string },
    ledger: Ledger,
    rules: RuleUse,
    signal: AbortSignal | undefined,
  ) {
    this.#old = old;
    this.#ledger = ledger;
    this.#rules = rules;
    this.#signal = signal;
  }

  async run(reader: NewReader): Promise<void> {
    const alike = reader.databases.filter(({ engine }) => engine.name === this.#old.engine.name);
    // The database in the old place decides first.
    const ownFirst = alike.toSorted((a, b) => Number(b.path === this.#old.path) - Number(a.path === this.#old.path));
    for (const database of ownFirst.slice(0, MAX_DATABASES)) {
      const compared = await reader.readDatabase(database, (now) => this.#compare(database.path, now));
      if (compared !== undefined) this.#take(database, compared);
    }
  }

  /**
   * Another database than the one in the old place counts only if it has half of the keys, and half of the records under them have something in common: two
   * tables of users both have a user 1, and sessions may have the keys of users.
   */
  #take({ path }: NewDatabase, { marks, judged, entries, open, keys, alike, learned }: Compared): void {
    const ledger = this.#ledger;
    ledger.entries = entries;
    if (keys === 0 || (path !== this.#old.path && (keys * 2 < open || alike * 2 < keys))) return;
    ledger.sameKey.set(path, keys);
    for (let number = 0; number < entries; number++) {
      const mark = marks.get(number);
      if (mark === OPEN) continue;
      ledger.marks.set(number, mark);
      ledger.keyIn.set(number, ledger.sameKey.size);
    }
    for (const [number, record] of judged) ledger.judged.set(number, record);
    this.learned = learned ?? this.learned;
  }

  async #compare(path: string, now: ReadableDatabase): Promise<Compared> {
    const start = { entries: 0, open: 0, keys: 0, alike: 0, hasGaps: false, learned: null };
    const compared: Compared = { marks: new Marks(), judged: new Map(), ...start };
    await mergeByKey(this.#old, now, this.#signal, (number, was, is) => {
      compared.entries++;
      this.#rules.see(was.value);
      if (this.#ledger.marks.get(number) !== OPEN) return;
      compared.open++;
      if (is === undefined) return;
      compared.keys++;
      const record = was.value.equals(is.value) ? null : judgePair(was, is, path, this.#rules);
      if (path !== this.#old.path && (record === null || record.status === 'found' || haveInCommon(was, is)))
        compared.alike++;
      compared.marks.set(number, record === null ? FOUND : markOf(record.status));
      if (record === null || record.status === 'found') return;
      if (record.status === 'partly') compared.hasGaps = true;
      if (compared.judged.size < MAX_LISTED) compared.judged.set(number, record);
    });
    if (compared.hasGaps && compared.keys <= MAX_SEARCHED) await this.#lookForNames(path, now, compared);
    return compared;
  }

  /** Fields of records that are still there may have other names: the entries are searched for places, as in step 3. */
  async #lookForNames(path: string, now: ReadableDatabase, compared: Compared): Promise<void> {
    const records: OldRecord[] = [];
    const documents: ReadDocument[] = [];
    const numbers: number[] = [];
    let bytes = 0;
    await mergeByKey(this.#old, now, this.#signal, (number, was, is) => {
      if (is === undefined || compared.marks.get(number) === OPEN || bytes > MAX_SEARCHED_BYTES) return;
      const key = keyText(was.key);
      numbers.push(number);
      records.push({ key, value: parseValue(was.value) });
      bytes += is.value.length;
      const pointer = pointerTo(key);
      documents.push({ file: path, pointer, value: parseValue(is.value), bytes: is.value.length, isLine: false });
    });
    if (bytes > MAX_SEARCHED_BYTES) return;
    const { places, values, ignore } = this.#rules.rules;
    const accounted = await accountInTurns(records, documents, { places, values, ignore }, this.#signal);
    for (const [at, record] of accounted.records.entries()) {
      const number = numbers[at] ?? 0;
      if (compared.judged.get(number)?.status !== 'partly') continue;
      compared.marks.set(number, markOf(record.status));
      compared.judged.set(number, record);
    }
    compared.learned = accounted;
  }
}
