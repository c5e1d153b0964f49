import { isUtf8 } from 'node:buffer';
import fs from 'node:fs';
import { Header } from 'tar';
import { parsePax } from './pax-records.ts';
import { fieldOf, SIZE, TAR_BLOCK } from './ustar.ts';
import { damagedExport, unsafeExport, type ExportedMember } from './exported-member.ts';

const CHUNK = 1 << 18;
/** A pax header of ours holds a path and a size; a long name of GNU tar is a path. */
const MAX_PAX = 64 << 10;
/** Other keys that tar programs write when somebody packs an export again. They are ignored. */
const NOTED =
  /^(?:[acm]time|[ug]id|[ug]name|comment|SCHILY\.(?:acl|dev|fflags|ino|nlink|xattr)|LIBARCHIVE\.(?:creationtime|xattr)|RHT\.security)(?:\.|$)/;
const PAX_KEYS = { has: (key: string): boolean => key === 'path' || key === 'size' || NOTED.test(key) };

const NOT_OURS = 'it has an extended header that no export has';

interface Extended {
  path?: string;
  size?: number;
}

/**
 * The members of a tar file, strictly: checksums, regular files and folders only (with pax `x` for path and size, or `L` for a path, as GNU tar writes
 * one of more than 100 bytes), two zero blocks at the end and only zeros after them. Throws BACKUP_DAMAGED or UNSAFE_ARCHIVE.
 */
export async function* readTarMembers(file: string): AsyncGenerator<ExportedMember> {
  const fd = fs.openSync(file, 'r');
  try {
    const end = fs.fstatSync(fd).size;
    let position = 0;
    let extended: Extended | undefined;
    for (;;) {
      const block = readExactly(file, fd, position, TAR_BLOCK);
      if (block.every((byte) => byte === 0)) break;
      const stated = sizeIn(block);
      if (stated === null) throw damagedExport(file, `header at ${position} has no size`);
      const header = headerOf(file, block, position);
      const size = extended?.size ?? stated;
      position += TAR_BLOCK;
      if (!Number.isSafeInteger(size) || size < 0 || position + size > end) {
        throw damagedExport(file, 'it ends in the middle of a member');
      }
      if (header.type === 'ExtendedHeader' || header.type === 'NextFileHasLongPath') {
        if (extended !== undefined || size > MAX_PAX) throw unsafeExport(file, NOT_OURS);
        const read = header.type === 'ExtendedHeader' ? readPax : readLongName;
        extended = read(file, readExactly(file, fd, position, size));
      } else {
        const isFolder = header.type === 'Directory';
        if (!isFolder && header.type !== 'File')
          throw unsafeExport(file, `${header.path} is neither a file nor a folder`);
        const name = (extended?.path ?? header.path ?? '').replace(/^\.\//, '');
        extended = undefined;
        // An empty name is the folder itself, if somebody packed the export from inside it.
        if (name !== '' || !isFolder) yield { name, isFolder, size, content: contentOf(file, fd, position, size) };
      }
      position += Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
    }
    if (extended !== undefined) throw damagedExport(file, 'it has an extended header without a member');
    if (end - position < 2 * TAR_BLOCK) throw damagedExport(file, 'it has no end');
    checkZeros(file, fd, position, end);
  } finally {
    fs.closeSync(fd);
  }
}

function headerOf(file: string, block: Buffer, position: number): Header {
  try {
    const header = new Header(block, 0);
    if (header.cksumValid) return header;
  } catch {
    // node-tar throws a TypeError for a base-256 number beyond 2^53.
  }
  throw damagedExport(file, `header at ${position} has a wrong checksum or number`);
}

function readPax(file: string, bytes: Buffer): Extended {
  const pax = new Map<string, string>();
  const problem = parsePax(bytes, PAX_KEYS, pax);
  if (problem !== null) throw unsafeExport(file, problem);
  const [path, size] = [pax.get('path'), pax.get('size')];
  if (path?.includes('\0') === true || (size !== undefined && !/^\d{1,15}$/.test(size)))
    throw unsafeExport(file, NOT_OURS);
  return { ...(path === undefined ? {} : { path }), ...(size === undefined ? {} : { size: Number(size) }) };
}

/** GNU tar ends the name with a zero byte. */
function readLongName(file: string, bytes: Buffer): Extended {
  if (!isUtf8(bytes) || bytes.length < 2 || bytes.indexOf(0) !== bytes.length - 1) throw unsafeExport(file, NOT_OURS);
  return { path: bytes.toString('utf8', 0, bytes.length - 1) };
}

/** The size in a header: octal, or GNU's base-256 from 8 GiB on. Null for anything else, which lenient readers take for 0. */
function sizeIn(block: Buffer): number | null {
  const field = fieldOf(block, SIZE);
  if (field[0] === 0x80) {
    const size = field.subarray(1, 4).every((byte) => byte === 0) ? Number(field.readBigUInt64BE(4)) : Number.NaN;
    return Number.isSafeInteger(size) ? size : null;
  }
  return /^[0-7]{11}[ \0]$/.test(field.toString('latin1')) ? Number.parseInt(field.toString('latin1'), 8) : null;
}

async function* contentOf(file: string, fd: number, start: number, size: number): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < size; done += CHUNK)
    yield readExactly(file, fd, start + done, Math.min(CHUNK, size - done));
}

function checkZeros(file: string, fd: number, start: number, end: number): void {
  for (let at = start; at < end; at += CHUNK) {
    const bytes = readExactly(file, fd, at, Math.min(CHUNK, end - at));
    if (bytes.some((byte) => byte !== 0)) throw unsafeExport(file, 'there is something after its end');
  }
}

function readExactly(file: string, fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const read = fs.readSync(fd, bytes, done, length - done, position + done);
    if (read === 0) throw damagedExport(file, 'it is cut off');
    done += read;
  }
  return bytes;
}
