import type { EntryType } from '../model/entry.ts';
import { END_BLOCKS, TAR_BLOCK } from './tar-header.ts';
import type { TarMember } from './tar-decode.ts';

/** Where ustar has its fields (POSIX.1-2024 pax, "ustar Interchange Format"). */
const NAME = 0;
const MODE = 100;
const UID = 108;
const GID = 116;
const SIZE = 124;
const MTIME = 136;
const CHECKSUM = 148;
const TYPE = 156;
const LINK = 157;
const MAGIC = 257;
const PREFIX = 345;
const PREFIX_END = 500;
const SPACE = 0x20;
const ZERO = 0x30;
const SLASH = 0x2f;
const MAGIC_BYTES = Buffer.from('ustar\x0000', 'latin1');

/**
 * Decodes the one kind of header that almost every member has: a plain ustar block of a file or folder, all ASCII, octal numbers, no link,
 * no prefix. Null for everything else, also for what is wrong: `decodeHeader`, which says the same of a plain one and is ten times slower,
 * judges that.
 */
export function decodePlainHeader(block: Buffer): TarMember | null {
  const type = block[TYPE] === ZERO ? 'file' : block[TYPE] === ZERO + 5 ? 'dir' : null;
  if (type === null || block.length !== TAR_BLOCK || block[LINK] !== 0) return null;
  if (block.compare(MAGIC_BYTES, 0, 8, MAGIC, MAGIC + 8) !== 0) return null;
  if (block.compare(END_BLOCKS, 0, PREFIX_END - PREFIX, PREFIX, PREFIX_END) !== 0) return null;
  if (!checks(block)) return null;
  const path = decodeName(block, type);
  const size = octal(block, SIZE, 12);
  const mode = octal(block, MODE, 8);
  const mtime = octal(block, MTIME, 12);
  const uid = octal(block, UID, 8);
  const gid = octal(block, GID, 8);
  if (path === null || size < 0 || mode < 0 || mtime < 0 || uid < 0 || gid < 0) return null;
  if (type === 'dir' && size !== 0) return null;
  return { path, type, size, mode, mtime, uid, gid, headerBytes: TAR_BLOCK };
}

/** Whether the sum of all bytes, the checksum's own taken as spaces, is what the header states, and no byte is beyond ASCII. */
function checks(block: Buffer): boolean {
  let sum = 8 * SPACE;
  let bits = 0;
  for (let at = 0; at < TAR_BLOCK; at++) {
    const byte = block[at] ?? 0;
    sum += byte;
    bits |= byte;
  }
  for (let at = CHECKSUM; at < CHECKSUM + 8; at++) sum -= block[at] ?? 0;
  return bits < 0x80 && sum === octal(block, CHECKSUM, 8);
}

/** Without the slash that ends a folder's. Null where a file's ends with one, or there is none. */
function decodeName(block: Buffer, type: EntryType): string | null {
  let end = NAME;
  while (end < MODE && block[end] !== 0) end++;
  // Readers differ on what to make of bytes behind a name.
  for (let at = end; at < MODE; at++) if (block[at] !== 0) return null;
  const slash = end > 0 && block[end - 1] === SLASH;
  if (end === 0 || slash !== (type === 'dir')) return null;
  return block.toString('latin1', NAME, slash ? end - 1 : end);
}

/** Octal digits, then at least one space or NUL and nothing else; -1 where it is not so. */
function octal(block: Buffer, from: number, length: number): number {
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
