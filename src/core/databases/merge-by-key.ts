import type { DatabaseFiles } from './database-files.ts';
import type { DatabaseRecord, Engine } from './engine.ts';

/** A database whose records are read. */
export interface ReadableDatabase {
  readonly engine: Engine;
  readonly files: DatabaseFiles;
  /** A folder that may be made, and is removed by whoever named it. */
  readonly scratch: string;
}

/**
 * Walks two databases of one engine side by side, in constant memory. `onRecord` gets each record of `old` with its number, and the record of `now` that
 * has the same key; `onOther` the records of `now` whose key `old` does not have. Throws as `Engine.records`.
 * @param prefix only keys that begin with this
 */
export async function mergeByKey(
  old: ReadableDatabase,
  now: ReadableDatabase,
  signal: AbortSignal | undefined,
  onRecord: (number: number, was: DatabaseRecord, is: DatabaseRecord | undefined) => void,
  onOther?: (record: DatabaseRecord) => void,
  prefix?: Buffer,
): Promise<void> {
  const cursorOf = ({ engine, files, scratch }: ReadableDatabase): RecordCursor =>
    new RecordCursor(engine.records(files, { scratch, signal, prefix }));
  const [before, after] = [cursorOf(old), cursorOf(now)];
  try {
    for (let number = 0; ;) {
      // Awaited once for thousands of records: a promise for each would take longer than the comparison.
      if (before.isEmpty) await before.load();
      if (after.isEmpty) await after.load();
      const [was, is] = [before.record, after.record];
      if (was === undefined && (is === undefined || onOther === undefined)) break;
      const order = was === undefined ? 1 : is === undefined ? -1 : Buffer.compare(was.order, is.order);
      if (order > 0 && is !== undefined) onOther?.(is);
      else if (was !== undefined) onRecord(number++, was, order === 0 ? is : undefined);
      if (order <= 0) before.advance();
      if (order >= 0) after.advance();
    }
  } finally {
    await Promise.all([before.close(), after.close()]);
  }
}

/** Goes one by one through records that come in batches. */
class RecordCursor {
  readonly #batches: AsyncGenerator<readonly DatabaseRecord[]>;
  #batch: readonly DatabaseRecord[] = [];
  #at = 0;
  #isAtEnd = false;

  constructor(batches: AsyncGenerator<readonly DatabaseRecord[]>) {
    this.#batches = batches;
  }

  /** Whether `load` has to be called before `record` is valid. */
  get isEmpty(): boolean {
    return this.#at >= this.#batch.length && !this.#isAtEnd;
  }

  /** The current record; undefined at the end. */
  get record(): DatabaseRecord | undefined {
    return this.#batch[this.#at];
  }

  advance(): void {
    this.#at++;
  }

  async load(): Promise<void> {
    do {
      const next = await this.#batches.next();
      this.#isAtEnd = next.done === true;
      this.#batch = next.done === true ? [] : next.value;
      this.#at = 0;
    } while (this.isEmpty);
  }

  /** Ends the reading of batches and releases what it holds. */
  async close(): Promise<void> {
    await this.#batches.return(undefined);
  }
}
