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
  /** Absolute: its folder or its file. */
  readonly place: string;
  /** Of a folder: the folder itself, then what it holds besides the database, in order. */
  readonly others: readonly ScannedEntry[];
}

/** Where a part of a database comes in the order of paths that lies beside its file; whether there is one says the capture. */
export interface PartItem {
  readonly kind: 'part';
  readonly path: string;
  /** Path of the database. */
  readonly database: string;
  /** Nothing of it comes any more. */
  readonly isLast: boolean;
  /** What lies there is only called so: a file of its own, which comes as well. */
  readonly isOther?: true;
}

export interface EntryItem {
  readonly kind: 'entry';
  readonly path: string;
  readonly entry: ScannedEntry;
  /** Files only, if a later change will show: then reading it can lean on this. */
  readonly state?: FileState;
  /** Of files without a state: it is this one that was seen, and no other of the same name. */
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

/** The entry for what was found at `path`; only permission bits of its mode are ever stored. */
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

/** What a scan goes by, and whom it tells. */
export interface ScanOptions {
  readonly ownership: Ownership;
  readonly onProblem: (problem: ScanProblem) => void;
  readonly onFinding?: ((finding: Finding) => void) | undefined;
  /** Gets the path of each file that has other names too: they come back as files of their own. */
  readonly onHardLink?: ((path: string) => void) | undefined;
  /** Which databases are taken as the plain files they consist of, unproven; undefined: none. */
  readonly databaseAsFiles?: ((path: string, source: Source) => boolean) | undefined;
  /** Is told of every folder that is listed; undefined: what is gone when its turn comes is passed over. */
  readonly looks?: FolderLooks | undefined;
}
