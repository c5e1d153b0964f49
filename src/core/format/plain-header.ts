import type { ScannedEntry } from '../model/entry.ts';
import { headerSeconds } from './tar-header.ts';
import * as ustar from './ustar.ts';

const SLASH = 0x2f;
const SPACE = 0x20;

/** Whether one ustar block holds everything of the entry, its path in the name field. */
export function isPlain(entry: ScannedEntry): boolean {
  const seconds = headerSeconds(entry.mtimeNs);
  return (
    entry.uid <= ustar.MAX_ID &&
    entry.gid <= ustar.MAX_ID &&
    entry.size <= ustar.MAX_SIZE &&
    seconds >= 0 &&
    seconds <= ustar.MAX_MTIME &&
    isShortAscii(entry.path) &&
    (entry.target === undefined || isShortAscii(entry.target))
  );
}

/**
 * Writes the header of an entry that `isPlain` into the 512 bytes at `at`: exactly the bytes that node-tar's `Header` makes, in a fifth of the time.
 * Almost every member has such a header.
 */
export function writePlainHeader(entry: ScannedEntry, block: Buffer, at: number): void {
  block.fill(0, at, at + ustar.TAR_BLOCK);
  let sum = writeAscii(entry.path, block, at);
  if (entry.type === 'dir') {
    block[at + entry.path.length] = SLASH;
    sum += SLASH;
  }
  sum += writeOctal(entry.mode, block, at, ustar.MODE);
  sum += writeOctal(entry.uid, block, at, ustar.UID);
  sum += writeOctal(entry.gid, block, at, ustar.GID);
  sum += writeOctal(entry.type === 'file' ? entry.size : 0, block, at, ustar.SIZE);
  sum += writeOctal(headerSeconds(entry.mtimeNs), block, at, ustar.MTIME);
  const type = ustar.TYPE_BYTES[entry.type];
  block[at + ustar.TYPE_AT] = type;
  sum += type;
  if (entry.target !== undefined) sum += writeAscii(entry.target, block, at + ustar.LINK[0]);
  for (const [offset, byte] of ustar.MAGIC_BYTES.entries()) {
    block[at + ustar.MAGIC[0] + offset] = byte;
    sum += byte;
  }
  sum += writeOctal(0, block, at, ustar.DEVICE_MAJOR);
  sum += writeOctal(0, block, at, ustar.DEVICE_MINOR);
  // The checksum counts its own field as spaces.
  writeOctal(sum + ustar.CHECKSUM[1] * SPACE, block, at, ustar.CHECKSUM);
}

/** Whether a text is ASCII and fits the field, with room for a folder's slash. */
function isShortAscii(text: string): boolean {
  if (text.length >= ustar.NAME_BYTES) return false;
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) >= 0x80) return false;
  return true;
}

/** Writes a text and returns the sum of its bytes. */
function writeAscii(text: string, block: Buffer, at: number): number {
  let sum = 0;
  for (let offset = 0; offset < text.length; offset++) {
    const byte = text.charCodeAt(offset);
    block[at + offset] = byte;
    sum += byte;
  }
  return sum;
}

/** Writes a number as node-tar does: octal digits with leading zeros, then a space if there is room for one, then NUL. Returns the sum of the bytes. */
function writeOctal(value: number, block: Buffer, at: number, [offset, length]: ustar.Field): number {
  const field = at + offset;
  const full = value > (length === ustar.SIZE[1] ? 0o7777777777 : 0o777777);
  const digits = full ? length - 1 : length - 2;
  let sum = 0;
  let rest = value;
  for (let place = digits - 1; place >= 0; place--) {
    const higher = Math.floor(rest / 8);
    const byte = 0x30 + (rest - higher * 8);
    block[field + place] = byte;
    sum += byte;
    rest = higher;
  }
  if (full) return sum;
  block[field + digits] = SPACE;
  return sum + SPACE;
}
