export type EntryType = 'file' | 'dir' | 'symlink';

/** One file, directory or symlink as it is on disk, before it was read. */
export interface ScannedEntry {
  readonly category: string;
  readonly source: string;
  /** Project-relative, `/`-separated. */
  readonly path: string;
  readonly type: EntryType;
  /** Bytes; 0 for directories and symlinks. */
  readonly size: number;
  /** Permission bits only (at most 0o777), without set-uid, set-gid and sticky. */
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
 * Permission bits as they are without an ACL. If there is an ACL, the group's bits show its mask instead of the rights of the owning group.
 * @param groupRights the rights of the owning group, 0 to 7; undefined if there is no ACL
 */
export function modeWithoutMask(mode: number, groupRights: number | undefined): number {
  return groupRights === undefined ? mode : mode & (0o707 | (groupRights << 3));
}

/**
 * The one order of paths (docs/format.md): parts are compared byte by byte, and a folder comes right before what is in it.
 * It equals a bytewise order in which `/` is smaller than every other byte. Returns <0, 0, >0.
 */
export function comparePaths(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let at = 0; at < shorter; at++) {
    const x = a.charCodeAt(at);
    const y = b.charCodeAt(at);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

const SLASH = 0x2f;

/** Puts UTF-16 units in the order of the UTF-8 bytes they stand for: surrogates above the rest, and `/` below everything. */
function rank(unit: number): number {
  if (unit === SLASH) return -1;
  if (unit >= 0xe000) return unit - 0x800;
  return unit >= 0xd800 ? unit + 0x2000 : unit;
}
