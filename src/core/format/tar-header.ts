import { Header, Pax } from 'tar';
import type { EntryType, ScannedEntry } from '../model/entry.ts';
import { MAX_ID, MAX_MTIME, MAX_SIZE, NAME_BYTES, TAR_BLOCK } from './ustar.ts';

const TYPE_NAMES = { file: 'File', dir: 'Directory', symlink: 'SymbolicLink' } as const;

/** The seconds in the tar header. They are rounded down, also before 1970. */
export function headerSeconds(mtimeNs: bigint): number {
  const seconds = mtimeNs / 1_000_000_000n;
  return Number(mtimeNs < 0n && seconds * 1_000_000_000n !== mtimeNs ? seconds - 1n : seconds);
}

/** A member's path as tar spells it: directories end with a slash. */
function memberPath(entry: { type: EntryType; path: string }): string {
  return entry.type === 'dir' ? `${entry.path}/` : entry.path;
}

/**
 * The header of one member, preceded by a pax header if ustar cannot hold a value (POSIX.1-2024 pax, "ustar Interchange
 * Format" and "pax Extended Header"). Always a multiple of 512 bytes; the same entry gives the same bytes.
 */
export function encodeHeader(entry: ScannedEntry): Buffer {
  const seconds = headerSeconds(entry.mtimeNs);
  const path = memberPath(entry);
  const size = entry.type === 'file' ? entry.size : 0;
  const oddTime = seconds < 0 || seconds > MAX_MTIME;
  const header = new Header({
    path,
    mode: entry.mode,
    uid: entry.uid > MAX_ID ? 0 : entry.uid,
    gid: entry.gid > MAX_ID ? 0 : entry.gid,
    size: size > MAX_SIZE ? 0 : size,
    mtime: new Date(oddTime ? 0 : seconds * 1000),
    type: TYPE_NAMES[entry.type],
    ...(entry.target === undefined ? {} : { linkpath: entry.target }),
  });
  const block = Buffer.alloc(TAR_BLOCK);
  const textNeedsPax = header.encode(block, 0);
  const odd = { uid: entry.uid > MAX_ID, gid: entry.gid > MAX_ID, size: size > MAX_SIZE, mtime: oddTime };
  // node-tar splits a long name into prefix and name without its last slash, and without it a folder does not count as a folder.
  const slashLost = entry.type === 'dir' && Buffer.byteLength(path) >= NAME_BYTES;
  if (!textNeedsPax && !slashLost && !Object.values(odd).includes(true)) return block;
  const linkNeedsPax = entry.target !== undefined && !fitsField(entry.target);
  const pathNeedsPax =
    slashLost || (textNeedsPax && (!linkNeedsPax || new Header({ path }).encode(Buffer.alloc(TAR_BLOCK), 0)));
  const pax = new Pax({
    ...(pathNeedsPax ? { path } : {}),
    ...(linkNeedsPax && entry.target !== undefined ? { linkpath: entry.target } : {}),
    ...(odd.uid ? { uid: entry.uid } : {}),
    ...(odd.gid ? { gid: entry.gid } : {}),
    ...(odd.size ? { size } : {}),
    ...(odd.mtime ? { mtime: new Date(seconds * 1000) } : {}),
  });
  return Buffer.concat([pax.encode(), block]);
}

function fitsField(text: string): boolean {
  return Buffer.byteLength(text) === text.length && text.length <= NAME_BYTES;
}
