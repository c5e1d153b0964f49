import type { ScannedEntry } from '../model/entry.ts';
import { headerSeconds, MAX_ID, MAX_MTIME, MAX_SIZE, NAME_BYTES, TAR_BLOCK } from './tar-header.ts';

/** Where ustar keeps a field, and how long it is (POSIX.1-2024 pax, "ustar Interchange Format"). */
const MODE = [100, 8] as const;
const UID = [108, 8] as const;
const GID = [116, 8] as const;
const SIZE = [124, 12] as const;
const MTIME = [136, 12] as const;
const CHECKSUM = [148, 8] as const;
const TYPE = 156;
const LINK = 157;
const MAGIC = 257;
const DEVICE_MAJOR = [329, 8] as const;
const DEVICE_MINOR = [337, 8] as const;

const TYPE_DIGITS = { file: 0x30, symlink: 0x32, dir: 0x35 } as const;
const SLASH = 0x2f;
const SPACE = 0x20;
const MAGIC_AND_VERSION = Buffer.from('ustar\u000000', 'latin1');

/** Whether one ustar block holds everything of the entry, its path in the name field. */
export function isPlain(entry: ScannedEntry): boolean {
  const seconds = headerSeconds(entry.mtimeNs);
  return (
    entry.uid <= MAX_ID &&
    entry.gid <= MAX_ID &&
    entry.size <= MAX_SIZE &&
    seconds >= 0 &&
    seconds <= MAX_MTIME &&
    isShortAscii(entry.path) &&
    (entry.target === undefined || isShortAscii(entry.target))
  );
}

/**
 * Writes the header of an entry that `isPlain` into the 512 bytes at `at`: the very bytes that node-tar's `Header` makes of it, at a fifth of
 * the cost, since almost every member's header is one of these.
 */
export function writePlainHeader(entry: ScannedEntry, block: Buffer, at: number): void {
  block.fill(0, at, at + TAR_BLOCK);
  let sum = writeAscii(entry.path, block, at);
  if (entry.type === 'dir') {
    block[at + entry.path.length] = SLASH;
    sum += SLASH;
  }
  sum += writeOctal(entry.mode, block, at, MODE);
  sum += writeOctal(entry.uid, block, at, UID);
  sum += writeOctal(entry.gid, block, at, GID);
  sum += writeOctal(entry.type === 'file' ? entry.size : 0, block, at, SIZE);
  sum += writeOctal(headerSeconds(entry.mtimeNs), block, at, MTIME);
  const type = TYPE_DIGITS[entry.type];
  block[at + TYPE] = type;
  sum += type;
  if (entry.target !== undefined) sum += writeAscii(entry.target, block, at + LINK);
  for (const [offset, byte] of MAGIC_AND_VERSION.entries()) {
    block[at + MAGIC + offset] = byte;
    sum += byte;
  }
  sum += writeOctal(0, block, at, DEVICE_MAJOR);
  sum += writeOctal(0, block, at, DEVICE_MINOR);
  // The sum is taken with its own field full of spaces.
  writeOctal(sum + CHECKSUM[1] * SPACE, block, at, CHECKSUM);
}

/** Room is left for a folder's slash. */
function isShortAscii(text: string): boolean {
  if (text.length >= NAME_BYTES) return false;
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) >= 0x80) return false;
  return true;
}

/** Returns the sum of the bytes. */
function writeAscii(text: string, block: Buffer, at: number): number {
  let sum = 0;
  for (let offset = 0; offset < text.length; offset++) {
    const byte = text.charCodeAt(offset);
    block[at + offset] = byte;
    sum += byte;
  }
  return sum;
}

/** As node-tar writes a number: octal digits with zeros before them, then a space where there is room for one, then NUL. */
function writeOctal(value: number, block: Buffer, at: number, [offset, length]: readonly [number, number]): number {
  const field = at + offset;
  const full = value > (length === SIZE[1] ? 0o7777777777 : 0o777777);
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
