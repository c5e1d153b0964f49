export type EntryType = 'file' | 'dir' | 'symlink';

/** One file, directory or symlink as it stands on disk, before it was read. */
export interface ScannedEntry {
  readonly category: string;
  readonly source: string;
  /** Project-relative, `/`-separated. */
  readonly path: string;
  readonly type: EntryType;
  /** Bytes; 0 for directories and symlinks. */
  readonly size: number;
  /** Permission bits only (at most 0o777): set-uid, set-gid and sticky are stripped. */
  readonly mode: number;
  /** Nanoseconds since the epoch. */
  readonly mtimeNs: bigint;
  readonly uid: number;
  readonly gid: number;
  /** Link target, symlinks only. */
  readonly target?: string;
}

/** One line of the index: an entry with its proof and its place in the archive. */
export interface Entry extends ScannedEntry {
  /** Hex SHA-256 of the content, files only. */
  readonly sha256?: string;
  /** Where the member's header (its pax header, if it has one) begins in the uncompressed tar, in bytes. */
  readonly offset: number;
}

/**
 * The one order of paths (3-format.md): parts are compared byte by byte, and a folder comes right before what is in it.
 * It equals a bytewise order in which `/` is smaller than every other byte. Returns <0, 0, >0.
 */
export function comparePaths(a: string, b: string): number {
  if (a === b) return 0;
  const x = Buffer.from(a.replaceAll('/', '\0'));
  const y = Buffer.from(b.replaceAll('/', '\0'));
  return Buffer.compare(x, y);
}
