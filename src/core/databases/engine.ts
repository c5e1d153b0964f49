/*
 * Room "databases": what the rest of the program asks of a database, whatever its engine. An engine is one folder here with one file `engine.ts`;
 * `engines.ts` lists them. Nothing above this room knows an engine by its name.
 */
import type { DatabaseFacts } from '../model/database.ts';
import type { EngineName } from '../model/engine-name.ts';
import type { Finding } from '../model/finding.ts';
import type { CapturedFile } from './captured-file.ts';
import type { DatabaseFiles } from './database-files.ts';

/** Whether another process has a database open. */
export interface Holder {
  readonly held: 'yes' | 'no' | 'unknown';
  /** Process ids, as far as the system names them. An empty list does not mean that the database is free. */
  readonly pids: number[];
  /** Why the answer is what it is, in one sentence. */
  readonly evidence: string;
  /** Set if this user may not open the locked file, which is necessary to ask about the lock: its name, the missing rights and its owner. */
  readonly forbidden?: { readonly name: string; readonly lacks: string; readonly owner: number };
}

/** The evidence if a link, a folder or a pipe is in the place of a lock. */
export const ODD_LOCK = 'LOCK is not a regular file';

export interface CaptureOptions {
  readonly signal?: AbortSignal | undefined;
  /** A folder that the capture may make, never beside the source, for temporary copies. It is removed when the capture is closed. */
  readonly spool: string;
}

/** One exact state of a database, ready to be copied. Later changes of the database do not affect it. */
export interface Capture {
  /** `read`: through file descriptors alone. `backup-api`: by the engine's own backup function, because the database kept changing. */
  readonly how: 'read' | 'backup-api';
  /** How many attempts it took. */
  readonly attempts: number;
  /** In byte order of their names. */
  readonly files: readonly CapturedFile[];
  /** Files that look like parts but belong to no state of the database. They are left out. */
  readonly orphans: readonly string[];
  /** What a user must know about this capture, each a sentence; for example that the database keeps no journal. */
  readonly doubts: readonly string[];
  /** Releases every descriptor and removes what was spooled. */
  close(): void;
}

export interface ProveOptions {
  /** A folder that the proof may make for the copy that the engine opens. It is removed afterwards. */
  readonly scratch: string;
  readonly signal?: AbortSignal | undefined;
}

/** A record. The bytes are the reader's own. */
export interface DatabaseRecord {
  /** As a user writes it: a LevelDB key, or `table/primary key` of a row. */
  readonly key: Buffer;
  /** A LevelDB value, or the row as JSON. */
  readonly value: Buffer;
  /** Its bytewise order is the order of the cursor. A merge of two databases of one engine compares it. */
  readonly order: Buffer;
}

/** One of the tables that an engine has its records in. */
export interface DatabaseTable {
  /** As the schema has it; it need not be UTF-8. */
  readonly name: Buffer;
  /** Null if its rows cannot be counted. */
  readonly records: number | null;
  /** What the keys of its records begin with. */
  readonly prefix: Buffer;
}

export interface RecordsOptions extends ProveOptions {
  /** Return only keys that begin with this. */
  readonly prefix?: Buffer | undefined;
}

/**
 * What is at `place` (absolute): the folder of a LevelDB, the database file of a SQLite. A database consists of parts: LevelDB's are the files right in
 * its folder, by name; SQLite's are '' (the database file itself), '-wal' and '-journal'.
 */
export interface Engine {
  readonly name: EngineName;
  /** As people call it. */
  readonly title: string;
  /**
   * A shell command that uses the engine's own tool to show that a restored database is what the manifest says; null if there is none. @param file
   * quoted for the shell
   */
  byHand(file: string): string | null;
  readonly shape: 'folder' | 'file';
  /** The part that every database has. Without it, there is no database. */
  readonly marker: string;
  /** Whether a folder with these names is a database. Always false for engines of shape `file`. */
  isFolder(place: string, names: readonly string[]): boolean;
  /** Whether a folder with these names holds parts of an incomplete database. Always false for engines of shape `file`. */
  isBroken(names: readonly string[]): boolean;
  /**
   * Whether a folder with these names is what is left of a database, judged where nothing says that there should be one: a single name that could
   * be a part is not enough. Always false for engines of shape `file`.
   */
  isRemains(names: readonly string[]): boolean;
  /** Whether a file of this size is a database, judged by its content. False if it cannot be read, and always for engines of shape `folder`. */
  isFile(place: string, size: number): boolean;
  /** Whether the file at a part's path is a part by its content, whatever the database file is now. Always false for engines of shape `folder`. */
  isPart(place: string, part: string): boolean;
  /** Whether the file at a part's path can be a part; an empty, missing or unreadable file can. Always true for engines of shape `folder`. */
  mayBePart(place: string, part: string): boolean;
  /** Which part of the database at `database` a path is (both project-relative, or both absolute); null if it is no part. */
  partOf(database: string, path: string): string | null;
  pathOf(database: string, part: string): string;
  /** The names of all parts that a folder may hold; null if any name may be a part. */
  readonly parts: readonly string[] | null;
  /** Whether a part carries no data and is made again by any program that opens the database (LOCK and LOG; -shm). Such parts are never stored or compared. */
  isVolatile(part: string): boolean;
  /**
   * Captures a database that other processes may be writing, without a lock and without writing anything beside it. The result is one exact committed
   * state. It holds everything that was acknowledged before the call. Throws DATABASE_DAMAGED, DATABASE_FOREIGN, DATABASE_BUSY (another call may
   * succeed), INTERRUPTED.
   */
  capture(place: string, options: CaptureOptions): Promise<Capture>;
  /**
   * Reads a whole database and has the engine open a scratch copy of it. The manifest states the result. Throws DATABASE_DAMAGED, PROOF_FAILED,
   * NO_SPACE, INTERRUPTED.
   */
  prove(files: DatabaseFiles, options: ProveOptions): Promise<DatabaseFacts>;
  /** Like `prove`, as far as is possible without opening a copy; null if the engine needs a copy. Throws as `prove`. */
  readonly inspect: ((files: DatabaseFiles, signal?: AbortSignal) => Promise<DatabaseFacts>) | null;
  /** Findings about a database with these facts; empty if it is sound. @param database its path, for the messages */
  remarks(database: string, facts: DatabaseFacts): Finding[];
  /** All records in order, in batches. Throws as `prove`. */
  records(files: DatabaseFiles, options: RecordsOptions): AsyncGenerator<readonly DatabaseRecord[]>;
  /** Whether a record with this key is the engine's own bookkeeping, which it writes and removes as it likes: rows of `sqlite_stat1` and the like. */
  isOwnRecord(key: Buffer): boolean;
  /** Its tables in the order of their names; null if the engine has no tables, so that all keys are one sequence. Throws as `prove`. */
  readonly tables: ((files: DatabaseFiles, options: ProveOptions) => Promise<DatabaseTable[]>) | null;
  /** Who has the database open. To find out, nothing in it is opened, locked or made, as far as the system allows. */
  whoHolds(place: string): Promise<Holder>;
  /** The file whose fcntl lock (on the whole file) says that the database is in use. `make`: the file may be made if it is missing. */
  lockOf(place: string): { readonly file: string; readonly make: boolean };
}
