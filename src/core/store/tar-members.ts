import fs from 'node:fs';
import { Header, Pax } from 'tar';
import { damagedExport, unsafeExport, type ExportedMember } from './exported-member.ts';

const BLOCK = 512;
const CHUNK = 1 << 18;
/** A pax header of ours holds a path and a size. */
const MAX_PAX = 64 << 10;

interface Extended {
  path?: string;
  size?: number;
}

/**
 * The members of a tar file, strictly: checksums, regular files and folders only (with pax `x` for path and size), two zero blocks
 * at the end and only zeros after them. Throws BACKUP_DAMAGED or UNSAFE_ARCHIVE.
 */
export async function* readTarMembers(file: string): AsyncGenerator<ExportedMember> {
  const fd = fs.openSync(file, 'r');
  try {
    const end = fs.fstatSync(fd).size;
    let position = 0;
    let extended: Extended | undefined;
    for (;;) {
      const block = readExactly(file, fd, position, BLOCK);
      if (block.every((byte) => byte === 0)) break;
      const header = new Header(block, 0, extended);
      if (!header.cksumValid) throw damagedExport(file, `header at ${position} has a wrong checksum`);
      const size = header.size ?? 0;
      position += BLOCK;
      if (!Number.isSafeInteger(size) || size < 0 || position + size > end) {
        throw damagedExport(file, 'it ends in the middle of a member');
      }
      if (header.type === 'ExtendedHeader') {
        if (extended !== undefined || size > MAX_PAX) throw unsafeExport(file, 'a pax header that no export writes');
        extended = parsePax(file, readExactly(file, fd, position, size));
      } else {
        const isFolder = header.type === 'Directory';
        if (!isFolder && header.type !== 'File')
          throw unsafeExport(file, `${header.path} is neither a file nor a folder`);
        extended = undefined;
        yield { name: header.path ?? '', isFolder, size, content: contentOf(file, fd, position, size) };
      }
      position += Math.ceil(size / BLOCK) * BLOCK;
    }
    if (extended !== undefined) throw damagedExport(file, 'a pax header without a member');
    if (end - position < 2 * BLOCK) throw damagedExport(file, 'it has no end');
    checkZeros(file, fd, position, end);
  } finally {
    fs.closeSync(fd);
  }
}

function parsePax(file: string, bytes: Buffer): Extended {
  const pax = Pax.parse(bytes.toString('utf8'));
  const found: Extended = {};
  if (pax.path !== undefined) found.path = pax.path;
  if (pax.size !== undefined) found.size = pax.size;
  if (pax.linkpath !== undefined) throw unsafeExport(file, 'a pax header that no export writes');
  return found;
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
