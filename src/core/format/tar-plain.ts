import type { EntryType } from '../model/entry.ts';
import type { TarMember } from './tar-decode.ts';
import * as ustar from './ustar.ts';

const SPACE = 0x20;
const ZERO = 0x30;
const SLASH = 0x2f;

/**
 * Decodes the kind of header that almost every member has: a plain ustar block of a file or folder, all ASCII, with octal numbers, no link and no
 * prefix. Null for everything else, also for a wrong one. `decodeHeader` judges those; it gives the same result for a plain header, but takes ten
 * times as long.
 */
export function decodePlainHeader(block: Buffer): TarMember | null {
  const { file, dir } = ustar.TYPE_BYTES;
  const byte = block[ustar.TYPE_AT];
  const type = byte === file ? 'file' : byte === dir ? 'dir' : null;
  if (type === null || block.length !== ustar.TAR_BLOCK || block[ustar.LINK[0]] !== 0) return null;
  if (!holds(block, ustar.MAGIC, ustar.MAGIC_BYTES) || !holds(block, ustar.PREFIX, ustar.END_BLOCKS)) return null;
  if (!checks(block)) return null;
  const path = decodeName(block, type);
  const size = octal(block, ustar.SIZE);
  const mode = octal(block, ustar.MODE);
  const mtime = octal(block, ustar.MTIME);
  const uid = octal(block, ustar.UID);
  const gid = octal(block, ustar.GID);
  if (path === null || size < 0 || mode < 0 || mtime < 0 || uid < 0 || gid < 0) return null;
  if (type === 'dir' && size !== 0) return null;
  return { path, type, size, mode, mtime, uid, gid, headerBytes: ustar.TAR_BLOCK };
}

/** Whether a field has the bytes with which `bytes` begins. */
function holds(block: Buffer, [at, length]: ustar.Field, bytes: Buffer): boolean {
  return block.compare(bytes, 0, length, at, at + length) === 0;
}

/** Whether the checksum is right (its own field counts as spaces) and every byte is ASCII. */
function checks(block: Buffer): boolean {
  let sum = 8 * SPACE;
  let bits = 0;
  for (let at = 0; at < ustar.TAR_BLOCK; at++) {
    const byte = block[at] ?? 0;
    sum += byte;
    bits |= byte;
  }
  for (let at = ustar.CHECKSUM[0]; at < ustar.CHECKSUM[0] + ustar.CHECKSUM[1]; at++) sum -= block[at] ?? 0;
  return bits < 0x80 && sum === octal(block, ustar.CHECKSUM);
}

/** The name, without the slash at the end of a folder's name. Null if the name is empty, or if a file's name ends with a slash or a folder's does not. */
function decodeName(block: Buffer, type: EntryType): string | null {
  let end = 0;
  while (end < ustar.NAME_BYTES && block[end] !== 0) end++;
  // Readers disagree about what bytes after a name mean.
  for (let at = end; at < ustar.NAME_BYTES; at++) if (block[at] !== 0) return null;
  const slash = end > 0 && block[end - 1] === SLASH;
  if (end === 0 || slash !== (type === 'dir')) return null;
  return block.toString('latin1', 0, slash ? end - 1 : end);
}

/** Reads octal digits, which only spaces or NULs may follow, at least one. -1 if the field is anything else. */
function octal(block: Buffer, [from, length]: ustar.Field): number {
  let value = 0;
  let at = from;
  const end = from + length;
  for (; at < end; at++) {
    const digit = (block[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  if (at === from || at === end) return -1;
  for (; at < end; at++) if (block[at] !== SPACE && block[at] !== 0) return -1;
  return value;
}
