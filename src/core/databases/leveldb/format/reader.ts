/*
 * Room "databases", LevelDB: our own reader, after LevelDB's table, log and version formats (google/leveldb, doc/). capture/ pins an exact state of a
 * database that is in use, proof/ has LevelDB itself open a scratch copy. No file of a source is ever opened for writing.
 */
import { Pacer } from '../../../concurrency/pacer.ts';
import { throwIfInterrupted } from '../../../model/backup-error.ts';
import { damaged, foreign } from '../../damage.ts';
import { DatabaseDigest } from '../proof/digest.ts';
import { compareInternalKeys, type Cursor } from './internal-key.ts';
import { scanLog, type LogTail } from './log-format.ts';
import { keyOf, liveEntries, MergeCursor, valueOf } from './merge.ts';
import { logName, manifestNamedBy, parseFileName, tableNames } from './names.ts';
import type { RandomAccess, DatabaseFiles } from '../../database-files.ts';
import { applyManifest } from './read-manifest.ts';
import { comparePrefix, RecordBatch } from './record-batch.ts';
import { TableCursor } from './table-cursor.ts';
import { Table, type BlockKinds } from './table.ts';
import { BYTEWISE_COMPARATOR, Version, type CompleteVersion, type TableMeta } from './version-edit.ts';
import { LogCursor, readBatch, type LogEntry } from './write-batch.ts';

/** What a whole read of a database found. */
export interface DatabaseFacts {
  readonly comparator: string;
  /**
   * The number of live entries; null for a foreign comparator. Then every CRC was checked, but the order of keys is unknown, so the content cannot be
   * judged.
   */
  readonly records: number | null;
  /** Digest v1 in hex; null as above. */
  readonly digest: string | null;
  /** The last sequence number of MANIFEST and logs. */
  readonly lastSequence: number;
  readonly tables: number;
  readonly logs: number;
  /** Blocks of the tables, by kind. */
  readonly blockKinds: BlockKinds;
  /** How the newest log ends. */
  readonly tailState: LogTail;
  /** Bytes of the keys and values of the live entries. */
  readonly keyBytes: number;
  readonly valueBytes: number;
}

export interface ReadDatabaseOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called for every live entry in key order, with copies. */
  readonly onEntry?: (key: Buffer, value: Buffer) => void;
}

/** CURRENT and the MANIFEST that it names, read and checked. */
export function readVersion(files: DatabaseFiles): { readonly manifest: string; readonly version: CompleteVersion } {
  const names = files.names();
  if (!names.includes('CURRENT')) throw damaged('CURRENT', 'it is missing');
  const manifest = withFile(files, 'CURRENT', (file) => manifestNamedBy(file.read(0, 256).toString('latin1')));
  if (manifest === null) throw damaged('CURRENT', 'it does not name a MANIFEST');
  if (!names.includes(manifest)) throw damaged(manifest, 'CURRENT names it and it is missing');
  const version = new Version();
  withFile(files, manifest, (file) => applyManifest(file, manifest, version));
  const complete = version.complete();
  if (complete === null) throw damaged(manifest, 'it is cut off: a field that every MANIFEST has is missing');
  return { manifest, version: complete };
}

/** The logs that a version still needs, in the order in which they were written (db/db_impl.cc, Recover). */
export function neededLogs(version: CompleteVersion, numbers: Iterable<number>): number[] {
  return [...numbers]
    .filter((number) => number >= version.logNumber || (number !== 0 && number === version.prevLogNumber))
    .sort((a, b) => a - b);
}

/**
 * Reads a whole database without LevelDB and without writing anything: MANIFEST, logs and tables merged into the live
 * entries. Checks the CRC of every block and record, table sizes, order and range of keys, and that the logs' sequence
 * numbers have no gap. Tables are read block by block; the content of the logs is held in memory.
 * @throws BackupError DATABASE_DAMAGED (file and offset), DATABASE_FOREIGN, INTERRUPTED
 */
export async function readDatabase(files: DatabaseFiles, options: ReadDatabaseOptions = {}): Promise<DatabaseFacts> {
  const { version } = readVersion(files);
  const names = new Set(files.names());
  const logs = readLogs(files, version, names);
  const kinds: BlockKinds = {};
  const open = (meta: TableMeta): OpenTable => openTable(files, names, meta, kinds);

  const facts = {
    comparator: version.comparator,
    lastSequence: Math.max(version.lastSequence, logs.lastSequence),
    tables: version.tables.length,
    logs: logs.count,
    tailState: logs.tail,
  };
  if (version.comparator !== BYTEWISE_COMPARATOR) {
    await checkOnly(version, open, options.signal);
    return { ...facts, blockKinds: kinds, records: null, digest: null, keyBytes: 0, valueBytes: 0 };
  }
  const digest = await digestRuns([...tableRuns(version, open), new LogCursor(logs.entries)], options);
  const { records, keyBytes, valueBytes } = digest;
  return { ...facts, blockKinds: kinds, records, digest: digest.finish(), keyBytes, valueBytes };
}

function withFile<T>(files: DatabaseFiles, name: string, use: (file: RandomAccess) => T): T {
  const file = files.open(name);
  try {
    return use(file);
  } finally {
    file.close?.();
  }
}

interface Logs {
  readonly entries: LogEntry[];
  readonly count: number;
  readonly tail: LogTail;
  readonly lastSequence: number;
}

function readLogs(files: DatabaseFiles, version: CompleteVersion, names: ReadonlySet<string>): Logs {
  const byNumber = new Map<number, string>();
  for (const name of names) {
    const parsed = parseFileName(name);
    if (parsed?.type === 'log') byNumber.set(parsed.number, name);
  }
  if (version.logNumber > 0 && !byNumber.has(version.logNumber)) {
    throw damaged(logName(version.logNumber), 'MANIFEST names this log and it is missing');
  }
  const entries: LogEntry[] = [];
  const needed = neededLogs(version, byNumber.keys());
  let tail: LogTail = 'clean';
  let expected: number | null = null;
  for (const number of needed) {
    const name = byNumber.get(number) ?? logName(number);
    const torn = tail !== 'clean';
    let at = 0;
    const scan = withFile(files, name, (file) =>
      scanLog(file, (record, end) => {
        if (torn) throw damaged(name, 'the log before it ends inside a record', at);
        const { sequence, count } = readBatchOf(name, at, record, entries);
        // MANIFEST's number includes everything before the first log that it needs, and perhaps more.
        const first = version.lastSequence + 1;
        if (expected === null ? sequence > first : sequence !== expected) {
          throw damaged(name, `sequence ${sequence} follows ${(expected ?? first) - 1}: writes are missing`, at);
        }
        expected = sequence + count;
        at = end;
      }),
    );
    if (scan.corruption !== null) throw damaged(name, scan.corruption.why, scan.corruption.offset);
    if (!torn) tail = scan.tail;
  }
  return { entries, count: needed.length, tail, lastSequence: expected === null ? 0 : expected - 1 };
}

function readBatchOf(name: string, offset: number, record: Buffer, entries: LogEntry[]): ReturnType<typeof readBatch> {
  try {
    return readBatch(record, entries);
  } catch (error) {
    throw damaged(name, error instanceof Error ? error.message : String(error), offset, error);
  }
}

interface OpenTable {
  readonly table: Table;
  release(): void;
}

function openTable(files: DatabaseFiles, names: ReadonlySet<string>, meta: TableMeta, kinds: BlockKinds): OpenTable {
  const [modern, old] = tableNames(meta.number);
  const name = names.has(modern) ? modern : old;
  if (!names.has(name)) throw damaged(modern, 'MANIFEST names this table and it is missing');
  const file = files.open(name);
  try {
    if (file.size !== meta.size) throw damaged(name, `it has ${file.size} bytes and MANIFEST says ${meta.size}`);
    return { table: new Table(file, name, kinds), release: () => file.close?.() };
  } catch (error) {
    file.close?.();
    throw error;
  }
}

/** Tables of level 0 overlap, so each is a run of its own. Those of a deeper level follow one another and form one run. */
function tableRuns(version: CompleteVersion, open: (meta: TableMeta) => OpenTable): Cursor[] {
  const deeper = new Map<number, TableMeta[]>();
  const runs: Cursor[] = [];
  for (const meta of version.tables) {
    if (meta.level === 0) {
      runs.push(new TableCursor([meta], open));
      continue;
    }
    const level = deeper.get(meta.level) ?? [];
    level.push(meta);
    deeper.set(meta.level, level);
  }
  for (const level of deeper.values()) {
    runs.push(
      new TableCursor(
        level.sort((a, b) => compareInternalKeys(a.smallest, b.smallest)),
        open,
      ),
    );
  }
  return runs;
}

async function checkOnly(
  version: CompleteVersion,
  open: (meta: TableMeta) => OpenTable,
  signal: AbortSignal | undefined,
): Promise<void> {
  const pacer = new Pacer();
  for (const meta of version.tables) {
    throwIfInterrupted(signal);
    const opened = open(meta);
    try {
      opened.table.checkBlocks();
    } finally {
      opened.release();
    }
    if (pacer.due()) await pacer.turn();
  }
}

async function digestRuns(runs: readonly Cursor[], options: ReadDatabaseOptions): Promise<DatabaseDigest> {
  const { onEntry, signal } = options;
  const digest = new DatabaseDigest();
  const pacer = new Pacer();
  for (const entry of liveEntries(new MergeCursor(runs))) {
    if (entry !== null) {
      digest.add(entry.key, entry.keyLength, entry.value, entry.valueStart, entry.valueEnd);
      onEntry?.(keyOf(entry), valueOf(entry));
    } else if (pacer.due()) {
      await pacer.turn();
      throwIfInterrupted(signal);
    }
  }
  return digest;
}

/**
 * The live entries in key order, in batches of copies, checked as `readDatabase` checks them.
 * @param prefix return only keys that begin with this
 * @throws as `readDatabase`; DATABASE_FOREIGN for a comparator whose order is not known
 */
export async function* readRecords(
  files: DatabaseFiles,
  { signal, prefix = Buffer.alloc(0) }: { signal?: AbortSignal | undefined; prefix?: Buffer | undefined },
): AsyncGenerator<RecordBatch['records']> {
  const { version } = readVersion(files);
  if (version.comparator !== BYTEWISE_COMPARATOR)
    throw foreign('CURRENT', `its keys are ordered by ${version.comparator}, which only its application knows`);
  const names = new Set(files.names());
  const logs = readLogs(files, version, names);
  const runs = [...tableRuns(version, (meta) => openTable(files, names, meta, {})), new LogCursor(logs.entries)];
  const pacer = new Pacer();
  let batch = new RecordBatch();
  for (const entry of liveEntries(new MergeCursor(runs))) {
    if (entry === null) {
      throwIfInterrupted(signal);
      if (pacer.due()) await pacer.turn();
      continue;
    }
    const order = prefix.length === 0 ? 0 : comparePrefix(entry, prefix);
    if (order > 0) break;
    if (order < 0) continue;
    batch.add(entry);
    if (!batch.isFull) continue;
    yield batch.records;
    batch = new RecordBatch();
  }
  if (batch.records.length > 0) yield batch.records;
}
