import { foreign } from '../../damage.ts';
import { TRAILER } from './internal-key.ts';
import { ByteReader, DecodeError } from './varint.ts';

/** The records of a MANIFEST and what they add up to, after db/version_edit.cc and db/version_set.cc of Google's LevelDB. */
const TAG = {
  comparator: 1,
  logNumber: 2,
  nextFileNumber: 3,
  lastSequence: 4,
  compactPointer: 5,
  deletedFile: 6,
  newFile: 7,
  prevLogNumber: 9,
} as const;

/** config::kNumLevels in db/dbformat.h */
const LEVELS = 7;

export const BYTEWISE_COMPARATOR = 'leveldb.BytewiseComparator';

export interface TableMeta {
  readonly level: number;
  readonly number: number;
  /** Bytes. */
  readonly size: number;
  /** Internal keys: the user key and eight bytes of sequence and type. */
  readonly smallest: Buffer;
  readonly largest: Buffer;
}

export interface VersionEdit {
  comparator?: string;
  logNumber?: number;
  prevLogNumber?: number;
  nextFileNumber?: number;
  lastSequence?: number;
  readonly deleted: { readonly level: number; readonly number: number }[];
  readonly added: TableMeta[];
}

function readLevel(reader: ByteReader, file: string): number {
  const level = reader.varint();
  if (level >= LEVELS) throw foreign(file, `level ${level} does not exist in LevelDB`);
  return level;
}

/** An internal key. It is copied, because it outlives the window on MANIFEST. */
function readKey(reader: ByteReader): Buffer {
  const key = Buffer.from(reader.slice());
  if (key.length < TRAILER) throw new DecodeError('a key is shorter than its sequence number');
  return key;
}

/** Decodes one MANIFEST record. Throws DecodeError for bytes that do not decode, DATABASE_FOREIGN for a tag that LevelDB does not have. */
export function decodeVersionEdit(record: Buffer, file: string): VersionEdit {
  const edit: VersionEdit = { deleted: [], added: [] };
  const reader = new ByteReader(record);
  while (!reader.done) {
    const tag = reader.varint();
    switch (tag) {
      case TAG.comparator:
        edit.comparator = reader.slice().toString('latin1');
        break;
      case TAG.logNumber:
        edit.logNumber = reader.varint();
        break;
      case TAG.prevLogNumber:
        edit.prevLogNumber = reader.varint();
        break;
      case TAG.nextFileNumber:
        edit.nextFileNumber = reader.varint();
        break;
      case TAG.lastSequence:
        edit.lastSequence = reader.varint();
        break;
      case TAG.compactPointer:
        readLevel(reader, file);
        reader.slice();
        break;
      case TAG.deletedFile:
        edit.deleted.push({ level: readLevel(reader, file), number: reader.varint() });
        break;
      case TAG.newFile:
        edit.added.push({
          level: readLevel(reader, file),
          number: reader.varint(),
          size: reader.varint(),
          smallest: readKey(reader),
          largest: readKey(reader),
        });
        break;
      default:
        throw foreign(file, `a record has tag ${tag}, which LevelDB does not know`);
    }
  }
  return edit;
}

/** A MANIFEST that names everything a database needs. */
export interface CompleteVersion {
  readonly comparator: string;
  readonly logNumber: number;
  readonly prevLogNumber: number;
  readonly nextFileNumber: number;
  readonly lastSequence: number;
  /** Every live table, in the order of level and number. */
  readonly tables: readonly TableMeta[];
}

/** The state that a sequence of edits leads to. */
export class Version {
  readonly #tables = new Map<string, TableMeta>();
  #comparator: string | undefined;
  #logNumber: number | undefined;
  #prevLogNumber = 0;
  #nextFileNumber: number | undefined;
  #lastSequence: number | undefined;

  apply(edit: VersionEdit): void {
    this.#comparator = edit.comparator ?? this.#comparator;
    this.#logNumber = edit.logNumber ?? this.#logNumber;
    this.#prevLogNumber = edit.prevLogNumber ?? this.#prevLogNumber;
    this.#nextFileNumber = edit.nextFileNumber ?? this.#nextFileNumber;
    this.#lastSequence = edit.lastSequence ?? this.#lastSequence;
    for (const { level, number } of edit.deleted) this.#tables.delete(`${level}:${number}`);
    for (const table of edit.added) this.#tables.set(`${table.level}:${table.number}`, table);
  }

  /** Every live table, in no promised order. */
  tables(): Iterable<TableMeta> {
    return this.#tables.values();
  }

  /** The whole state, or null if MANIFEST was cut off: a field that every MANIFEST has is missing. */
  complete(): CompleteVersion | null {
    if (this.#comparator === undefined || this.#logNumber === undefined) return null;
    if (this.#nextFileNumber === undefined || this.#lastSequence === undefined) return null;
    return {
      comparator: this.#comparator,
      logNumber: this.#logNumber,
      prevLogNumber: this.#prevLogNumber,
      nextFileNumber: this.#nextFileNumber,
      lastSequence: this.#lastSequence,
      tables: [...this.#tables.values()].sort((a, b) => a.level - b.level || a.number - b.number),
    };
  }
}
