import fs from 'node:fs';
import { isNoFile } from '../../fs/regular-file.ts';
import { isForbidden, mayRead } from '../../paths/barred.ts';

/** The first sixteen bytes of a database (https://www.sqlite.org/fileformat2.html, "The Database Header"). */
const MAGIC = Buffer.from('SQLite format 3\0', 'latin1');
/** The first bytes of a rollback journal, and of a write-ahead log of either byte order ("The Rollback Journal", "The Write-Ahead Log"). */
const JOURNAL_MAGIC = Buffer.from('d9d505f920a163d7', 'hex');
const WAL_MAGICS = [Buffer.from('377f0682', 'hex'), Buffer.from('377f0683', 'hex')];
/** The smallest page size. SQLite does not open a smaller file as a database. */
const SMALLEST_PAGE = 512;
/** Usual names of databases. A file with such a name is looked into even if it is smaller, since it may have been cut off. */
export const USUAL_NAME = /\.(?:db|db3|sqlite|sqlite3|sqlitedb|s3db|sl3|gpkg|mbtiles)$/i;
/** Names of text files, which most files of a project have. If the size of such a file is not that of whole pages, it is not opened. */
const TEXT_NAME = /\.(?:json|ndjson|[cm]?[jt]sx?|map|sol|vy|md|txt|log|csv|ya?ml|toml|html?|css|svg|xml|sh|py|rs|go)$/i;

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;

/**
 * Whether a file is a SQLite database by its first bytes. Its size need not be that of whole pages: it may have been cut off, and SQLite also opens a
 * file with extra bytes after its last page. Text files are not looked into, because a backup would take a fifth longer if every file of a project
 * were opened.
 */
export function isSqliteFile(file: string, size: number): boolean {
  if (size < MAGIC.length || (!USUAL_NAME.test(file) && !mayBeOne(file, size))) return false;
  return startOf(file, MAGIC.length)?.equals(MAGIC) === true;
}

function mayBeOne(file: string, size: number): boolean {
  return size % SMALLEST_PAGE === 0 || (size > SMALLEST_PAGE && !TEXT_NAME.test(file));
}

/**
 * Whether the file in the place of a `-wal` or `-journal` can be one. It can if it begins with the magic number, is empty, or begins with zeros,
 * which a commit in journal mode `persist` leaves. The answer is also true for a `-shm`, for a file that this user may not read, and for what is not
 * a file. EIO and similar errors are thrown, and so is a refusal that the rights of the file do not explain: after a wrong guess another file would
 * be moved along.
 */
export function mayBeSqlitePart(file: string, part: string): boolean {
  if (part !== '-wal' && part !== '-journal') return true;
  const magics = part === '-wal' ? WAL_MAGICS : [JOURNAL_MAGIC];
  let start: Buffer;
  try {
    start = readFirst(file, JOURNAL_MAGIC.length);
  } catch (error) {
    if (isNoFile(error) || (isForbidden(error) && !mayRead(file))) return true;
    throw error;
  }
  return start.every((byte) => byte === 0) || magics.some((magic) => start.subarray(0, magic.length).equals(magic));
}

/** Whether a file is a `-wal` or `-journal` that holds something. */
export function isSqlitePart(file: string, part: string): boolean {
  const start = startOf(file, JOURNAL_MAGIC.length);
  if (start === null) return false;
  if (part === '-journal') return start.equals(JOURNAL_MAGIC);
  return part === '-wal' && WAL_MAGICS.some((magic) => start.subarray(0, magic.length).equals(magic));
}

/** The first bytes of a regular file. Null if it has fewer, or cannot be read, for which there is another finding. */
function startOf(file: string, length: number): Buffer | null {
  const start = readStart(file, length);
  return start?.length === length ? start : null;
}

/** The first bytes of a regular file, fewer if it has no more; null if it cannot be read. */
function readStart(file: string, length: number): Buffer | null {
  try {
    return readFirst(file, length);
  } catch {
    return null;
  }
}

function readFirst(file: string, length: number): Buffer {
  const fd = fs.openSync(file, O_RDONLY | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0));
  try {
    const start = Buffer.alloc(length);
    return start.subarray(0, fs.readSync(fd, start, 0, length, 0));
  } finally {
    fs.closeSync(fd);
  }
}
