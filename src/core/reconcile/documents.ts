import { isUtf8 } from 'node:buffer';
import fs from 'node:fs';
import { Pacer } from '../concurrency/pacer.ts';
import { openRegular } from '../fs/regular-file.ts';
import { errnoOf, throwIfInterrupted } from '../model/backup-error.ts';
import type { NewDocument } from './accounted.ts';
import { parseJson } from './value.ts';

/** Larger files are not looked into. */
export const MAX_FILE_BYTES = 256 * 1024 * 1024;

const CHUNK = 1 << 20;
const LINE_FEED = 0x0a;
const LINES_BY_NAME = /\.(?:jsonl|ndjson|jsonlines)$/i;

/** A file of which not everything could be read. */
export interface Unread {
  /** Project-relative. */
  readonly file: string;
  /** What of it was not read, and why: the rest of a sentence that begins with its name. */
  readonly why: string;
}

/** A document, as it was read. */
export interface ReadDocument extends NewDocument {
  /** As text. */
  readonly bytes: number;
  /** Whether it is a line: then its pointer is a position and names nothing. */
  readonly isLine: boolean;
}

/**
 * The documents of a JSON or JSONL file, in batches: a JSON file is one, of a JSONL file each line is one, with its position as pointer (`/0` is the first).
 * What cannot be read goes to `onUnread`, and nothing is thrown for it. Throws INTERRUPTED.
 * @param file project-relative
 */
export async function* readDocuments(
  file: string,
  native: string,
  onUnread: (unread: Unread) => void,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly ReadDocument[]> {
  let fd: number;
  try {
    fd = openRegular(native);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    onUnread({ file, why: `cannot be opened (${errno})` });
    return;
  }
  try {
    const before = fs.fstatSync(fd, { bigint: true });
    if (before.size > MAX_FILE_BYTES) {
      onUnread({ file, why: `is larger than ${MAX_FILE_BYTES / 1024 / 1024} MiB` });
      return;
    }
    if (LINES_BY_NAME.test(file)) yield* readLines(file, fd, onUnread, signal);
    else {
      const bytes = fs.readFileSync(fd);
      const value = isUtf8(bytes) ? parseJson(bytes.toString()) : undefined;
      if (value !== undefined) yield [{ file, pointer: '', value, bytes: bytes.length, isLine: false }];
      else if (looksLikeLines(bytes)) yield* readLines(file, fd, onUnread, signal);
      // An empty file holds nothing: it can be the one that this report is written to.
      else if (bytes.length > 0) onUnread({ file, why: 'is not JSON, or nests too deep' });
    }
    const after = fs.fstatSync(fd, { bigint: true });
    if (after.size !== before.size || after.mtimeNs !== before.mtimeNs)
      onUnread({ file, why: 'changed while it was read' });
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    onUnread({ file, why: `cannot be read (${errno})` });
  } finally {
    fs.closeSync(fd);
  }
}

/** Whether the first two lines are JSON, each by itself. */
function looksLikeLines(bytes: Buffer): boolean {
  const first = bytes.indexOf(LINE_FEED);
  if (first < 0) return false;
  const second = bytes.indexOf(LINE_FEED, first + 1);
  const lines = [bytes.subarray(0, first), bytes.subarray(first + 1, second < 0 ? bytes.length : second)];
  return lines.every((line) => isUtf8(line) && parseJson(line.toString()) !== undefined);
}

async function* readLines(
  file: string,
  fd: number,
  onUnread: (unread: Unread) => void,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly ReadDocument[]> {
  const pacer = new Pacer();
  const block = Buffer.allocUnsafeSlow(CHUNK);
  let rest: Buffer = Buffer.alloc(0);
  let number = 0;
  const bad: number[] = [];
  let batch: ReadDocument[] = [];
  const take = (line: Buffer): void => {
    const at = number++;
    const text = isUtf8(line) ? line.toString() : null;
    if (text?.trim() === '') return;
    const value = text === null ? undefined : parseJson(text);
    if (value === undefined) bad.push(at);
    else batch.push({ file, pointer: `/${at}`, value, bytes: line.length, isLine: true });
  };
  for (let position = 0; ;) {
    throwIfInterrupted(signal);
    const read = fs.readSync(fd, block, 0, CHUNK, position);
    position += read;
    const bytes = rest.length === 0 ? block.subarray(0, read) : Buffer.concat([rest, block.subarray(0, read)]);
    let from = 0;
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, from)) {
      take(bytes.subarray(from, end));
      from = end + 1;
    }
    rest = Buffer.from(bytes.subarray(from));
    if (read === 0 && rest.length > 0) take(rest);
    yield batch;
    batch = [];
    if (read === 0) break;
    if (pacer.due()) await pacer.turn();
  }
  const [first] = bad;
  if (first !== undefined) {
    const others = bad.length > 1 ? ` and ${bad.length - 1} more` : '';
    onUnread({ file, why: `line ${first + 1}${others} is not JSON` });
  }
}
