import { BackupError } from '../../../model/backup-error.ts';
import { escapeName } from '../../../paths/names.ts';
import { damaged } from '../../damage.ts';

/** Bytes of the header at the start of a database file. */
export const HEADER_SIZE = 100;
const MAGIC = Buffer.from('SQLite format 3\0', 'latin1');
/** The newest file format that SQLite reads: 1 is a rollback journal's, 2 a write-ahead log's. */
const NEWEST_VERSION = 2;

/** What the header of a database file says (https://www.sqlite.org/fileformat2.html, section 1.3). */
export interface DatabaseHeader {
  /** Bytes. */
  readonly pageSize: number;
  /** Whether both version numbers say that writers use a rollback journal. */
  readonly isRollback: boolean;
  /** The number of pages. Null if the header's number is not valid, because a version before 3.7.0 wrote last. */
  readonly pageCount: number | null;
}

/**
 * Reads the header of a database file that nobody is about to repair from a journal or a log.
 * @param bytes the first 100 bytes of the file, fewer where it has no more
 * @throws BackupError DATABASE_DAMAGED; DATABASE_FOREIGN for a newer format and for a file that is no database
 */
export function readHeader(bytes: Buffer, file: string): DatabaseHeader {
  const start = bytes.subarray(0, MAGIC.length);
  if (start.every((byte) => byte === 0)) throw damaged(file, 'its header is zeroed', 0);
  if (start.length === MAGIC.length && !start.equals(MAGIC))
    throw foreignFile(file, 'it does not begin as a SQLite database does; it may be encrypted');
  if (bytes.length < HEADER_SIZE) throw damaged(file, `it ends after ${bytes.length} bytes, inside its header`);
  checkVersion(bytes, file);
  // 65536 does not fit into the two bytes: 1 stands for it.
  const stated = bytes.readUInt16BE(16);
  const pageSize = stated === 1 ? 65_536 : stated;
  if (pageSize < 512 || (pageSize & (pageSize - 1)) !== 0) throw damaged(file, `its page size is ${stated}`, 16);
  const pageCount = bytes.readUInt32BE(28);
  const isCounted = pageCount > 0 && bytes.readUInt32BE(24) === bytes.readUInt32BE(92);
  return { pageSize, isRollback: bytes[18] === 1 && bytes[19] === 1, pageCount: isCounted ? pageCount : null };
}

/** Checks only the version, for a header that may be half written. @throws BackupError DATABASE_FOREIGN */
export function checkVersion(bytes: Buffer, file: string): void {
  const version = bytes[19] ?? 0;
  if (version <= NEWEST_VERSION || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return;
  throw foreignFile(file, `its file format is version ${version}, and SQLite reads versions up to ${NEWEST_VERSION}`);
}

/** SQLite refuses a file that is shorter than its header says (src/btree.c, lockBtree). @throws BackupError DATABASE_DAMAGED */
export function checkLength(header: DatabaseHeader, size: number, file: string): void {
  const { pageSize, pageCount } = header;
  if (size < pageSize) throw damaged(file, `it ends after ${size} bytes, inside its first page of ${pageSize}`);
  if (pageCount === null || Math.ceil(size / pageSize) >= pageCount) return;
  throw damaged(file, `it is cut: it has ${size} bytes, and its header says ${pageCount} pages of ${pageSize}`);
}

/** The file is in the place of a SQLite database, but SQLite cannot read it. */
export function foreignFile(file: string, why: string): BackupError {
  return new BackupError('DATABASE_FOREIGN', `${escapeName(file)}: ${why}`, {
    hint: 'Stop the application that owns it, then back it up as plain files.',
    path: file,
  });
}
