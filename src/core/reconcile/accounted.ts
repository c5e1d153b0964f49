import type { RecordStatus } from '../model/record-status.ts';
import type { Json } from '../records/json.ts';

/** A record of the old state. `value` of a record whose bytes are not JSON is a text with its bytes in base64, after `base64:`. */
export interface OldRecord {
  /** As `db ls` prints it. */
  readonly key: string;
  readonly value: Json;
}

/** One document of the new state: a JSON file, a line of a JSONL file, or an entry of a database. */
export interface NewDocument {
  /** Project-relative path of the file; of a database, its path. */
  readonly file: string;
  /** JSON pointer of `value` in the file: empty for a whole file; of a database, `/` and the escaped key. */
  readonly pointer: string;
  readonly value: Json;
  /** Whether it is a line: then its pointer is a position and names nothing. */
  readonly isLine?: boolean;
}

/** Where a value stands. */
export interface At {
  readonly file: string;
  /** JSON pointer in the file. */
  readonly pointer: string;
}

/** What became of one value of a record. */
export interface AccountedValue {
  /** JSON pointer in the record's value. */
  readonly path: string;
  readonly status: Exclude<RecordStatus, 'scattered' | 'unsearched'>;
  readonly was: Json;
  /** What stands at its place instead, if it changed. */
  readonly now?: Json;
  readonly at: readonly At[];
}

export interface AccountedRecord {
  readonly key: string;
  readonly status: RecordStatus;
  readonly values: readonly AccountedValue[];
  /** The rule that explains it, in words: which part of the rules, and its pattern. */
  readonly rule?: string;
  /** For `scattered`: the files that hold the values that are not in the document that holds most. */
  readonly beside?: readonly string[];
}

/** Rules for one database, as the config has them. */
export interface Rules {
  /** Field (pointer of the value without its leading slash, list positions as `#`) -> patterns of JSON pointers. With them, nothing is learned. */
  readonly places?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Field -> old value -> new value. */
  readonly values?: Readonly<Record<string, Readonly<Record<string, string>>>> | undefined;
  /** Field -> why it does not count. */
  readonly ignore?: Readonly<Record<string, string>> | undefined;
  readonly gone?: readonly { readonly key: string; readonly entries: number; readonly why: string }[] | undefined;
}

export interface Accounted {
  /** In the order of the old records. */
  readonly records: readonly AccountedRecord[];
  /** Field -> the places that were learned or that the rules give, best first. */
  readonly places: Readonly<Record<string, readonly string[]>>;
  /** Fields of old records for which no place is known. */
  readonly withoutPlace: readonly string[];
  /** From how many records the places were learned; 0 if the rules give them. */
  readonly learnedFrom: number;
  /** Places of rules that cannot be used, or at which nothing stands; each a sentence. */
  readonly ruleProblems: readonly string[];
  /** Documents that nest too deep to be looked into: records that are not accounted for may be there. */
  readonly unread: readonly At[];
}
