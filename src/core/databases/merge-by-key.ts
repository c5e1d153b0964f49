import type { DatabaseFiles } from './database-files.ts';
import type { DatabaseRecord, Engine } from './engine.ts';
import { RecordCursor } from './record-cursor.ts';

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
 */
export async function mergeByKey(
  old: ReadableDatabase,
  now: ReadableDatabase,
  signal: AbortSignal | undefined,
  onRecord: (number: number, was: DatabaseRecord, is: DatabaseRecord | undefined) => void,
  onOther?: (record: DatabaseRecord) => void,
): Promise<void> {
  const cursorOf = ({ engine, files, scratch }: ReadableDatabase): RecordCursor =>
    new RecordCursor(engine.records(files, { scratch, signal }));
  const [before, after] = [cursorOf(old), cursorOf(now)];
  try {
    for (let number = 0; ;) {
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
