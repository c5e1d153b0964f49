import { crc32c, unmaskCrc } from './crc32c.ts';
import { readAhead, type RandomAccess } from '../../database-files.ts';

/** The framing of logs and MANIFESTs, after doc/log_format.md, db/log_format.h and db/log_reader.cc of Google's LevelDB. */
export const LOG_BLOCK = 32 * 1024;
/** masked crc32c of type and payload (u32le), payload length (u16le), type (u8) */
export const LOG_HEADER = 7;

const FULL = 1;
const FIRST = 2;
const MIDDLE = 3;
const LAST = 4;

const WINDOW = 8 * LOG_BLOCK;

/** How a log ends: after a whole record, inside one (an append in progress or a crash), or in zeros (a crash that lost data blocks). */
export type LogTail = 'clean' | 'partial' | 'zeros';

export interface LogScan {
  /** The offset after the last whole record. What follows it was never acknowledged. */
  readonly validEnd: number;
  readonly records: number;
  readonly tail: LogTail;
  /** The first thing that an append in progress does not explain. Nothing after it was read. */
  readonly corruption: { readonly offset: number; readonly why: string } | null;
}

export interface LogScanOptions {
  /** A record boundary to begin at, in bytes. */
  readonly from?: number;
  /** Give `onRecord` only this many leading bytes of each record, so that no large record is held in memory. Every CRC is still checked. */
  readonly keep?: number;
}

/** Collects the fragments of one logical record, up to `keep` bytes. */
class Fragments {
  readonly #keep: number;
  #parts: Buffer[] = [];
  #kept = 0;
  open = false;
  /** Payload bytes seen, kept or not. */
  length = 0;

  constructor(keep: number) {
    this.#keep = keep;
  }

  begin(): void {
    this.#parts = [];
    this.#kept = 0;
    this.length = 0;
    this.open = true;
  }

  add(payload: Buffer): void {
    this.length += payload.length;
    if (this.#kept >= this.#keep) return;
    const part = payload.subarray(0, this.#keep - this.#kept);
    this.#parts.push(part);
    this.#kept += part.length;
  }

  take(): Buffer {
    this.open = false;
    const [only] = this.#parts;
    return this.#parts.length === 1 && only !== undefined ? only : Buffer.concat(this.#parts);
  }
}

/** True if everything from `position` on is zero. */
function zerosToEnd(file: RandomAccess, position: number): boolean {
  for (let at = position; at < file.size;) {
    const bytes = file.read(at, Math.min(WINDOW, file.size - at));
    if (bytes.length === 0 || bytes.some((byte) => byte !== 0)) return false;
    at += bytes.length;
  }
  return true;
}

/**
 * True if there is a whole record anywhere in the rest of the last block. Then the unreadable bytes before it are not a cut-off tail but damage (of a
 * length, for example). LevelDB itself would silently drop what follows.
 */
function recordFollows(file: RandomAccess, from: number): boolean {
  const rest = file.read(from, LOG_BLOCK);
  for (let at = 0; at + LOG_HEADER <= rest.length; at++) {
    const type = rest.readUInt8(at + 6);
    const end = at + LOG_HEADER + rest.readUInt16LE(at + 4);
    if (type < FULL || type > LAST || end > rest.length) continue;
    if (crc32c(rest, at + 6, end) === unmaskCrc(rest.readUInt32LE(at))) return true;
  }
  return false;
}

/**
 * Reads a log record by record through a window of 256 KiB and checks every CRC. `onRecord` gets the payload (a view) and
 * the offset after the record; exceptions that it throws pass through.
 */
export function scanLog(
  file: RandomAccess,
  onRecord: (payload: Buffer, end: number) => void,
  options: LogScanOptions = {},
): LogScan {
  const keep = options.keep ?? Number.POSITIVE_INFINITY;
  const bytes = readAhead(file, WINDOW);
  const fragments = new Fragments(keep);
  let position = options.from ?? 0;
  let validEnd = position;
  let records = 0;

  const ended = (tail: LogTail): LogScan => ({
    validEnd,
    records,
    tail: fragments.open && tail === 'clean' ? 'partial' : tail,
    corruption: null,
  });
  const broken = (why: string): LogScan => ({
    validEnd,
    records,
    tail: 'clean',
    corruption: { offset: position, why },
  });

  for (;;) {
    const left = LOG_BLOCK - (position % LOG_BLOCK);
    if (left < LOG_HEADER) {
      if (position + left > file.size) return ended('clean');
      if (bytes.read(position, left).some((byte) => byte !== 0)) return broken('the end of a log block is not empty');
      position += left;
      continue;
    }
    if (position >= file.size) return ended('clean');
    if (position + LOG_HEADER > file.size) return ended('partial');

    const header = bytes.read(position, LOG_HEADER);
    if (header.length < LOG_HEADER) return ended('partial');
    const length = header.readUInt16LE(4);
    const type = header.readUInt8(6);
    if (type === 0 && length === 0) {
      return zerosToEnd(file, position) ? ended('zeros') : broken('a region of zeros is followed by other bytes');
    }
    if (LOG_HEADER + length > left) return broken('a record is longer than its block');
    const next = position + LOG_HEADER + length;
    if (next > file.size) {
      return recordFollows(file, position + 1)
        ? broken('a record is longer than the log, and others follow')
        : ended('partial');
    }

    const record = bytes.read(position, LOG_HEADER + length);
    if (record.length < LOG_HEADER + length) return ended('partial');
    if (crc32c(record, 6) !== unmaskCrc(record.readUInt32LE(0)))
      return broken('the checksum of a record does not match');

    if (type === FULL || type === FIRST) {
      // An empty FIRST is what old writers left at the end of a block (db/log_reader.cc, "Handle bug in earlier versions").
      if (fragments.open && fragments.length > 0) return broken('a record has no end');
      fragments.begin();
    } else if (type !== MIDDLE && type !== LAST) {
      return broken(`unknown record type ${type}`);
    } else if (!fragments.open) {
      return broken('a record has no beginning');
    }
    fragments.add(record.subarray(LOG_HEADER));
    position = next;
    if (type === FULL || type === LAST) {
      validEnd = next;
      records += 1;
      onRecord(fragments.take(), next);
    }
  }
}
