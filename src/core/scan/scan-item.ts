import type fs from 'node:fs';
import { storedTime } from '../fs/clock.ts';
import type { Engine } from '../databases/engine.ts';
import type { ErrorCode } from '../model/backup-error.ts';
import type { Source } from '../model/category.ts';
import type { Finding } from '../model/finding.ts';
import type { Ownership } from './ownership.ts';
import type { ScannedEntry } from '../model/entry.ts';
import type { FileState } from './file-state.ts';
import type { FolderLooks } from './folder-looks.ts';

/** A database, found by its content. */
export interface DatabaseItem {
  readonly kind: 'database';
  readonly path: string;
  readonly source: Source;
  readonly engine: Engine;
  /** The absolute path of its folder or file. */
  readonly place: string;
  /** For a database that is a folder: the folder itself, then whatever else is in it, in order. */
  readonly others: readonly ScannedEntry[];
}

/** The place in the order of paths for a part that lies beside its database file. The capture says whether there is one. */
export interface PartItem {
  readonly kind: 'part';
  readonly path: string;
  /** Path of the database. */
  readonly database: string;
  /** Whether this is the last part of the database. */
  readonly isLast: boolean;
  /** Set if the file there only has the name of a part. Then it is an ordinary file, which comes as well. */
  readonly isOther?: true;
}

export interface EntryItem {
  readonly kind: 'entry';
  readonly path: string;
  readonly entry: ScannedEntry;
  /** For files only, and only if a later change will show. Then the reader can compare with this. */
  readonly state?: FileState;
  /** For files without a state: the inode that was seen, to tell the file from another one with the same name. */
  readonly inode?: number;
}

/** What a scan finds, in the one order of paths. */
export type ScanItem = EntryItem | DatabaseItem | PartItem;

/** Something on disk that cannot be stored truthfully. */
export interface ScanProblem {
  readonly code: ErrorCode;
  readonly path: string;
  readonly message: string;
  readonly hint: string;
  readonly category: string;
  readonly source: string;
  readonly cause?: unknown;
}

/** The entry for what was found at `path`. Only the permission bits of its mode are ever stored. */
export function scannedEntry(
  source: Source,
  path: string,
  type: ScannedEntry['type'],
  stat: fs.BigIntStats,
): ScannedEntry {
  return {
    category: source.category,
    source: source.name,
    path,
    type,
    size: type === 'file' ? Number(stat.size) : 0,
    mode: Number(stat.mode & 0o777n),
    mtimeNs: storedTime(stat.mtimeNs),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
  };
}

/** What a scan needs, and the callbacks that it calls. */
export interface ScanOptions {
  readonly ownership: Ownership;
  readonly onProblem: (problem: ScanProblem) => void;
  readonly onFinding?: ((finding: Finding) => void) | undefined;
  /** Called with the path of each file that has further hard links. A restore makes separate files of them. */
  readonly onHardLink?: ((path: string) => void) | undefined;
  /** Which databases are taken as plain files, unproven. None if undefined. */
  readonly databaseAsFiles?: ((path: string, source: Source) => boolean) | undefined;
  /** Records every folder that is listed. If it is undefined, a name that is gone when its turn comes is skipped. */
  readonly looks?: FolderLooks | undefined;
}
