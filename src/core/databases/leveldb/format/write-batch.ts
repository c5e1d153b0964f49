import { TYPE_DELETION, TYPE_VALUE, type Cursor } from './internal-key.ts';
import { ByteReader, DecodeError } from './varint.ts';

/** Write batches, the records of a log, after db/write_batch.cc of Google's LevelDB. */

/** sequence number of the first operation (u64le), number of operations (u32le) */
export const BATCH_HEADER = 12;

export interface BatchHeader {
  readonly sequence: number;
  readonly count: number;
}

/** Decodes the first twelve bytes of a log record. Throws DecodeError if there are fewer. */
export function readBatchHeader(record: Buffer): BatchHeader {
  if (record.length < BATCH_HEADER) throw new DecodeError('a record is shorter than a write batch’s header');
  const sequence = record.readUInt32LE(4) * 0x1_0000_0000 + record.readUInt32LE(0);
  return { sequence, count: record.readUInt32LE(8) };
}

export interface LogEntry {
  readonly key: Buffer;
  readonly sequence: number;
  /** null: a deletion. */
  readonly value: Buffer | null;
}

/** Appends the operations of a batch to `entries`, as views of `record`. Throws DecodeError if it is not a whole batch. */
export function readBatch(record: Buffer, entries: LogEntry[]): BatchHeader {
  const header = readBatchHeader(record);
  const reader = new ByteReader(record, BATCH_HEADER);
  for (let index = 0; index < header.count; index++) {
    const type = reader.byte();
    if (type !== TYPE_VALUE && type !== TYPE_DELETION)
      throw new DecodeError(`a write batch has an operation of type ${type}`);
    const key = reader.slice();
    entries.push({ key, sequence: header.sequence + index, value: type === TYPE_VALUE ? reader.slice() : null });
  }
  if (!reader.done) throw new DecodeError('a write batch has more bytes than operations');
  return header;
}

const NOTHING = Buffer.alloc(0);

/** The operations of the logs as a sorted run. */
export class LogCursor implements Cursor {
  key: Buffer = NOTHING;
  keyLength = 0;
  sequence = 0;
  isValue = false;
  value: Buffer = NOTHING;
  readonly valueStart = 0;
  valueEnd = 0;
  readonly #entries: readonly LogEntry[];
  #next = 0;

  /** Sorts `entries` in place. */
  constructor(entries: LogEntry[]) {
    this.#entries = entries.sort((a, b) => Buffer.compare(a.key, b.key) || b.sequence - a.sequence);
  }

  next(): boolean {
    const entry = this.#entries[this.#next];
    if (entry === undefined) return false;
    this.#next += 1;
    this.key = entry.key;
    this.keyLength = entry.key.length;
    this.sequence = entry.sequence;
    this.isValue = entry.value !== null;
    this.value = entry.value ?? NOTHING;
    this.valueEnd = this.value.length;
    return true;
  }
}
