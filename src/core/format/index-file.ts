import { isUtf8 } from 'node:buffer';
import type { Entry } from '../model/entry.ts';
import { BackupError } from '../model/backup-error.ts';
import { FrameWriter } from './frame-writer.ts';
import { FramedFile } from './framed-file.ts';
import { freeMemory } from './buffer-memory.ts';
import { decodeIndexLine, encodeIndexLine } from './index-line.ts';

/** The index compresses well at any level; 3 is zstd's own default. */
const INDEX_LEVEL = 3;
const MAX_LINE_BYTES = 64 << 10;
const FLUSH_CHARACTERS = 1 << 16;

export interface WrittenIndex {
  readonly entries: number;
  readonly sha256: string;
  readonly size: number;
}

/** Writes INDEX.ndjson.zst line by line. */
export class IndexWriter {
  readonly #frames: FrameWriter;
  #pending = '';
  #entries = 0;

  constructor(file: string) {
    this.#frames = new FrameWriter(file, { compression: 'zstd', level: INDEX_LEVEL });
  }

  add(entry: Entry): void {
    this.#pending += encodeIndexLine(entry);
    this.#entries++;
    if (this.#pending.length >= FLUSH_CHARACTERS) this.#flush();
  }

  /** Adds whole lines that were encoded elsewhere, for this many entries. */
  addLines(lines: Uint8Array, entries: number): void {
    this.#flush();
    this.#frames.write(lines);
    this.#entries += entries;
  }

  get needsDrain(): boolean {
    return this.#frames.needsDrain;
  }

  drain(): Promise<void> {
    return this.#frames.drain();
  }

  async finish(): Promise<WrittenIndex> {
    this.#flush();
    const { sha256, size } = await this.#frames.finish();
    return { entries: this.#entries, sha256, size };
  }

  abort(): Promise<void> {
    return this.#frames.abort();
  }

  #flush(): void {
    this.#frames.write(Buffer.from(this.#pending));
    this.#pending = '';
  }
}

/** Reads an index, one frame of entries at a time, and checks each line. Throws BACKUP_DAMAGED, which names the frame or the line. */
export async function* readIndex(file: string): AsyncGenerator<Entry[]> {
  const framed = FramedFile.open(file, 'zstd');
  if ('problem' in framed) throw damaged(file, framed.problem);
  try {
    let rest: Buffer = Buffer.alloc(0);
    let line = 0;
    for await (const piece of framed.stream()) {
      if (piece.bytes === null) throw damaged(file, `frame ${piece.number + 1} of ${framed.pieces} ${piece.problem}`);
      const bytes = rest.length === 0 ? piece.bytes : Buffer.concat([rest, piece.bytes]);
      const start = bytes.lastIndexOf(10) + 1;
      const batch: Entry[] = [];
      for (const text of wholeLines(bytes.subarray(0, start))) {
        line++;
        const entry = text === null ? 'bytes that are not UTF-8' : decodeIndexLine(text);
        if (typeof entry === 'string') throw damaged(file, `line ${line} has ${entry}`);
        batch.push(entry);
      }
      rest = Buffer.from(bytes.subarray(start));
      freeMemory(bytes);
      freeMemory(piece.bytes);
      if (rest.length > MAX_LINE_BYTES) throw damaged(file, `line ${line + 1} is too long`);
      yield batch;
    }
    if (rest.length > 0) throw damaged(file, `line ${line + 1} has no end`);
  } finally {
    framed.close();
  }
}

/** The lines of a text that ends with a newline. Null for each line that is not UTF-8. */
function* wholeLines(bytes: Buffer): Generator<string | null> {
  if (!isUtf8(bytes)) {
    for (let at = 0, end = bytes.indexOf(10); end >= 0; at = end + 1, end = bytes.indexOf(10, at))
      yield isUtf8(bytes.subarray(at, end)) ? bytes.toString('utf8', at, end) : null;
    return;
  }
  const text = bytes.toString();
  for (let at = 0, end = text.indexOf('\n'); end >= 0; at = end + 1, end = text.indexOf('\n', at))
    yield text.slice(at, end);
}

function damaged(file: string, what: string): BackupError {
  return new BackupError('BACKUP_DAMAGED', `INDEX.ndjson.zst: ${what}`, {
    hint: 'Use another backup (migbackup list), or restore the archives by hand: see RESTORE_PROCEDURES.md in its folder.',
    path: file,
  });
}
