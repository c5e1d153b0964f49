import path from 'node:path';
import { keyText } from '../databases/key-text.ts';
import { mergeByKey, type ReadableDatabase } from '../databases/merge-by-key.ts';
import { readCaptured } from '../databases/read-on-disk.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import type { Context } from '../model/event.ts';
import { pointerTo } from '../records/json.ts';
import { readDocuments, type ReadDocument, type Unread } from './documents.ts';
import type { NewDatabase, NewState } from './new-state.ts';
import { parseValue } from './value.ts';

const BATCH = 500;

/** Reads what is in the new state. What cannot be read is in `unread`, and nothing is thrown for it. */
export class NewReader {
  readonly #root: string;
  readonly #news: NewState;
  readonly #context: Context;
  readonly #unread: Map<string, Unread>;

  constructor(root: string, news: NewState, context: Context) {
    this.#root = root;
    this.#news = news;
    this.#context = context;
    this.#unread = new Map(news.unread.map((unread) => [unread.file, unread]));
  }

  /** In the order of the paths. */
  get unread(): Unread[] {
    return [...this.#unread.values()].toSorted((a, b) => (a.file < b.file ? -1 : 1));
  }

  get databases(): readonly NewDatabase[] {
    return this.#news.databases;
  }

  /**
   * Reads an exact state of a database. `read` may be called again if the database changes meanwhile. Undefined if it cannot be read.
   */
  async readDatabase<T>(
    { path: file, place, engine }: NewDatabase,
    read: (now: ReadableDatabase) => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await readCaptured(
        engine,
        place,
        (files, scratch) => read({ engine, files, scratch }),
        this.#context.signal,
      );
    } catch (error) {
      const ours = error instanceof BackupError ? error.code.startsWith('DATABASE_') : errnoOf(error) !== undefined;
      if (!ours || !(error instanceof Error)) throw error;
      this.#unread.set(file, { file, why: `cannot be read: ${error.message}` });
      return undefined;
    }
  }

  /**
   * Gives all documents: files, lines, and entries of databases.
   * @param old the entries of databases in `shared` that have a key of this one are passed over
   * @returns false if a database was read only in part, so that something may have been given twice
   */
  async eachBatch(
    old: ReadableDatabase,
    shared: ReadonlySet<string>,
    onBatch: (batch: readonly ReadDocument[]) => void,
  ): Promise<boolean> {
    const { signal } = this.#context;
    const note = (unread: Unread): void => void this.#unread.set(unread.file, unread);
    for (const file of this.#news.files)
      for await (const batch of readDocuments(file, path.join(this.#root, file), note, signal)) onBatch(batch);
    let isOnce = true;
    for (const database of this.databases) {
      let calls = 0;
      const ended = await this.readDatabase(database, async (now) => {
        if (++calls > 1) isOnce = false;
        await eachEntry(database.path, old, now, shared.has(database.path), onBatch, signal);
        return true;
      });
      if (ended === undefined && calls > 0) isOnce = false;
    }
    return isOnce;
  }
}

async function eachEntry(
  file: string,
  old: ReadableDatabase,
  now: ReadableDatabase,
  isShared: boolean,
  onBatch: (batch: readonly ReadDocument[]) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const documentOf = ({ key, value }: { readonly key: Buffer; readonly value: Buffer }): ReadDocument => ({
    file,
    pointer: pointerTo(keyText(key)),
    value: parseValue(value),
    bytes: value.length,
    isLine: false,
  });
  if (!isShared) {
    for await (const batch of now.engine.records(now.files, { scratch: now.scratch, signal }))
      onBatch(batch.map(documentOf));
    return;
  }
  let batch: ReadDocument[] = [];
  await mergeByKey(
    old,
    now,
    signal,
    () => undefined,
    (record) => {
      batch.push(documentOf(record));
      if (batch.length < BATCH) return;
      onBatch(batch);
      batch = [];
    },
  );
  onBatch(batch);
}
