import type { ReadableDatabase } from '../../databases/merge-by-key.ts';
import type { EngineName } from '../../model/engine-name.ts';
import type { EntryType } from '../../model/entry.ts';
import type { Finding } from '../../model/finding.ts';
import type { ReadDeployments } from '../../records/deployments.ts';
import type { EntryFilter } from '../../scan/terms.ts';
import type { DatabaseState } from '../../model/diff-report.ts';

/** One path of one side of a comparison. */
export interface SideEntry {
  /** Name of its source. */
  readonly source: string;
  readonly path: string;
  readonly type: EntryType;
  readonly size: number;
  readonly mode: number;
  readonly target?: string | undefined;
  /** SHA-256 of a file's content; a live file is read only when this is called. Null if it cannot be read. */
  readonly sha256: () => string | null;
  /** The same, if it is known without reading anything. */
  readonly knownSha256?: string | undefined;
}

export interface SideDatabase {
  readonly path: string;
  readonly category: string;
  readonly source: string;
  readonly engine: EngineName;
  /** Null: it could not be read; `problem` says why. */
  readonly state: DatabaseState | null;
  readonly problem: string | null;
}

/** Lets a database be read: `use` gets it, and may be called again if it changes before it was read. */
export type Opened = <T>(use: (database: ReadableDatabase) => Promise<T>) => Promise<T>;

/** Looks into a database whose state is known. */
export type Look = (database: SideDatabase, opened: Opened) => Promise<void>;

/** A file of one side, as it was read. */
export interface SideContent {
  readonly bytes: number;
  /** Null if it cannot be read. */
  readonly sha256: string | null;
  /** Null if it is larger than was asked for, or cannot be read. */
  readonly content: Buffer | null;
  /** Why it cannot be read. */
  readonly problem: string | null;
}

/** A backup or the live project, as a comparison sees it. */
export interface Side {
  readonly backupId: string | null;
  readonly where: string;
  /** Names of the categories, in the side's own order. */
  readonly categories: readonly string[];
  /** Paths of the databases that it holds as plain files, of which nobody knows the records. */
  readonly unproven: ReadonlySet<string>;
  /** What one category holds, in `comparePaths` order. Categories may be asked for in any order. */
  entries(category: string): AsyncGenerator<SideEntry>;
  /** @param look is called for each that could be read, and sees it exactly as its state says */
  databases(isWanted: EntryFilter, look?: Look): Promise<SideDatabase[]>;
  /** A file that is among the entries. @param maxBytes of a larger one, only size and hash are answered */
  content(path: string, maxBytes: number): Promise<SideContent>;
  /** What deployment registries record, as far as the entries were read. */
  recorded(isWanted: EntryFilter): Promise<ReadDeployments>;
  /** What could not be compared or is left out, as far as the entries were read. */
  findings(): Finding[];
}
