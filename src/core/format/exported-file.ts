import fs from 'node:fs';
import { BackupError } from '../model/backup-error.ts';
import { escapeName } from '../paths/names.ts';
import { noExport, type ExportedMember } from './exported-member.ts';
import * as ustar from './ustar.ts';

export type ExportFormat = 'zip' | 'tar';

/** The parts of a file in which an export has names of its members: the first members, and the central directory of a zip. */
const HEAD_BYTES = 1 << 20;
const TAIL_BYTES = 1 << 16;
/** How a name in an export begins, even if somebody packed it again, from inside the folder or as `./`. */
const OURS = String.raw`(?:\./)?(?:(?:migration|safety)-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z(?:-part-[0-9a-f]{8})?/|BACKUP_MANIFEST\.json)`;
/** The signatures of a local header and of a row of the directory, and the distance to the name (APPNOTE 4.3.7 and 4.3.12). */
const IN_ZIP = new RegExp(String.raw`PK(?:\x03\x04[^]{26}|\x01\x02[^]{42})${OURS}`);
const IN_TAR = new RegExp(`^${OURS}`);
const TAR_MODE = /^[0-7 ]{6,7}[ \0]/;

/**
 * The format of an exported file by its content: by how it begins or, if that is damaged, by the names in it. Throws UNSAFE_ARCHIVE if no name in it
 * is one of an export, and NO_SUCH_BACKUP if it is not a regular file.
 */
export function detectFormat(file: string): ExportFormat {
  const stat = fs.statSync(file);
  if (!stat.isFile()) {
    throw new BackupError('NO_SUCH_BACKUP', `${escapeName(file)} is neither a file nor the folder of a backup`, {
      hint: 'Give an id, the folder of a backup, or a .zip or .tar that migbackup export wrote.',
      path: file,
    });
  }
  const { head, tail } = edges(file, stat.size);
  const isZip = IN_ZIP.test(head) || IN_ZIP.test(tail);
  const isTar = namesATarMember(head);
  const looksLike = head.startsWith('PK\x03\x04')
    ? 'zip'
    : textOf(head, 0, ustar.MAGIC).startsWith('ustar')
      ? 'tar'
      : null;
  if (isZip && looksLike !== 'tar') return 'zip';
  if (isTar && looksLike !== 'zip') return 'tar';
  throw noExport(file);
}

/** Whether a block begins with such a name and has a mode in the place where a tar header has it. */
function namesATarMember(head: string): boolean {
  for (let at = 0; at < head.length; at += ustar.TAR_BLOCK)
    if (IN_TAR.test(textOf(head, at, ustar.NAME)) && TAR_MODE.test(textOf(head, at, ustar.MODE))) return true;
  return false;
}

function textOf(head: string, block: number, [at, length]: ustar.Field): string {
  return head.slice(block + at, block + at + length);
}

/** The first and the last bytes, as latin1. */
function edges(file: string, size: number): { head: string; tail: string } {
  const fd = fs.openSync(file, 'r');
  try {
    const read = (from: number, length: number): string => {
      const bytes = Buffer.alloc(length);
      return bytes.toString('latin1', 0, fs.readSync(fd, bytes, 0, length, from));
    };
    const tail = Math.min(size, TAIL_BYTES);
    return { head: read(0, Math.min(size, HEAD_BYTES)), tail: read(size - tail, tail) };
  } finally {
    fs.closeSync(fd);
  }
}

/** The members of an exported file, whatever its format. */
export async function* readMembers(file: string, format: ExportFormat): AsyncGenerator<ExportedMember> {
  // Loaded only here: most commands never open an exported file.
  if (format === 'zip') yield* (await import('./zip-members.ts')).readZipMembers(file);
  else yield* (await import('./tar-members.ts')).readTarMembers(file);
}
