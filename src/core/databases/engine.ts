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
  /** Process ids, as far as the system names them; empty does not mean free. */
  readonly pids: number[];
  /** What the answer rests on, in one sentence. */
  readonly evidence: string;
  /** Where this user may not open the file that is locked, as everybody has to who asks: its name, which rights are missing, and whose it is. */
  readonly forbidden?: { readonly name: string; readonly lacks: string; readonly owner: number };
}

/** The evidence where a link, a folder or a pipe stands in the place of a lock. */
export const ODD_LOCK = 'LOCK is not a regular file';

export interface CaptureOptions {
  readonly signal?: AbortSignal | undefined;
  /** A folder to make, never beside the source, for what has to be copied aside. It goes when the capture is closed. */
  readonly spool: string;
}

/** One exact state of a database, ready to be copied, whatever becomes of the database meanwhile. */
export interface Capture {
  /** `read`: from descriptors alone. `backup-api`: by the engine's own backup, since the database did not hold still. */
  readonly how: 'read' | 'backup-api';
  /** How often it was tried. */
  readonly attempts: number;
  /** In byte order of their names. */
  readonly files: readonly CapturedFile[];
  /** Parts that stand there and belong to no state of the database: they are left out. */
  readonly orphans: readonly string[];
  /** What is to be said about this capture, each a sentence; for example that the database keeps no journal. */
  readonly doubts: readonly string[];
  /** Releases every descriptor and removes what was spooled. */
  close(): void;
}

export interface ProveOptions {
  /** A folder to make for the copy that the engine opens; it is gone afterwards. */
  readonly scratch: string;
  readonly signal?: AbortSignal | undefined;
}

/** A record. The bytes are the reader's own. */
export interface DatabaseRecord {
  /** As a user writes it: a LevelDB key, or `table/primary key` of a row. */
  readonly key: Buffer;
  /** A LevelDB value, or the row as JSON. */
  readonly value: Buffer;
  /** Compares bytewise as the cursor goes: two databases of one engine are merged by it. */
  readonly order: Buffer;
}

/** One of the tables that an engine has its records in. */
export interface DatabaseTable {
  /** As it stands in the schema; it need not be UTF-8. */
  readonly name: Buffer;
  /** Null: its rows cannot be counted. */
  readonly records: number | null;
  /** What the keys of its records begin with. */
  readonly prefix: Buffer;
}

export interface RecordsOptions extends ProveOptions {
  /** Only keys that begin so. */
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
  /** A line for a shell that shows a restored database to be what the manifest says, with the engine's own tool; null: there is none. @param file as the shell has it */
  byHand(file: string): string | null;
  readonly shape: 'folder' | 'file';
  /** The part that every database has, and without which it is none. */
  readonly marker: string;
  /** Whether a folder with these names is a database. Engines of shape `file`: never. */
  isFolder(place: string, names: readonly string[]): boolean;
  /** Whether a folder with these names holds parts of a database that is not whole. Engines of shape `file`: never. */
  isBroken(names: readonly string[]): boolean;
  /** Whether a file of so many bytes is one, judged by its content. Engines of shape `folder`: never. What cannot be read is none. */
  isFile(place: string, size: number): boolean;
  /** Whether what lies at a part's place is one by its content, whatever became of the database file. Engines of shape `folder`: never. */
  isPart(place: string, part: string): boolean;
  /** Whether what lies at a part's place can be one, also an empty one; where nothing lies or it cannot be read it can. Engines of shape `folder`: always. */
  mayBePart(place: string, part: string): boolean;
  /** The part that a path is of the database at `database` (both project-relative, or both absolute); null: none. */
  partOf(database: string, path: string): string | null;
  pathOf(database: string, part: string): string;
  /** Every part by name that a folder may hold; null: any. */
  readonly parts: readonly string[] | null;
  /** Parts that carry no data and that whoever opens the database makes anew: never stored, never compared (LOCK and LOG; -shm). */
  isVolatile(part: string): boolean;
  /**
   * Captures a database that others may be writing, without a lock and without writing anything beside it: one exact committed state that holds all that
   * was acknowledged before the call. Throws DATABASE_DAMAGED, DATABASE_FOREIGN, DATABASE_BUSY (another call may succeed), INTERRUPTED.
   */
  capture(place: string, options: CaptureOptions): Promise<Capture>;
  /**
   * Reads a whole database, opening a scratch copy of it: what the manifest states. Throws DATABASE_DAMAGED, PROOF_FAILED, NO_SPACE, INTERRUPTED.
   */
  prove(files: DatabaseFiles, options: ProveOptions): Promise<DatabaseFacts>;
  /**
   * The same as far as it goes without opening a copy; null for an engine that cannot be read otherwise. Throws as `prove`.
   */
  readonly inspect: ((files: DatabaseFiles, signal?: AbortSignal) => Promise<DatabaseFacts>) | null;
  /** What is to be said of a database that holds what `facts` say; nothing where it is sound. @param database its path, for the messages */
  remarks(database: string, facts: DatabaseFacts): Finding[];
  /** All records in order, in batches. Throws as `prove`. */
  records(files: DatabaseFiles, options: RecordsOptions): AsyncGenerator<readonly DatabaseRecord[]>;
  /** Its tables in the order of their names; null: this engine has none, and its keys are one sequence. Throws as `prove`. */
  readonly tables: ((files: DatabaseFiles, options: ProveOptions) => Promise<DatabaseTable[]>) | null;
  /** Who has it open. Nothing is opened, locked or made in it, as far as the system allows. */
  whoHolds(place: string): Promise<Holder>;
  /** The file whose lock says that it is in use: fcntl, the whole of it. `make`: it may be made where it is not there. */
  lockOf(place: string): { readonly file: string; readonly make: boolean };
}
