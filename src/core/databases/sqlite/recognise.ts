import fs from 'node:fs';

/** The first sixteen bytes of a database (https://www.sqlite.org/fileformat2.html, "The Database Header"). */
const MAGIC = Buffer.from('SQLite format 3\0', 'latin1');
/** The first bytes of a rollback journal, and of a write-ahead log of either byte order ("The Rollback Journal", "The Write-Ahead Log"). */
const JOURNAL_MAGIC = Buffer.from('d9d505f920a163d7', 'hex');
const WAL_MAGICS = [Buffer.from('377f0682', 'hex'), Buffer.from('377f0683', 'hex')];
/** A whole database has whole pages, and this is the smallest size of one. */
const SMALLEST_PAGE = 512;
/** What a database is usually called: one of these is looked into also where its size is odd, since it may have been cut. */
export const USUAL_NAME = /\.(?:db|db3|sqlite|sqlite3|sqlitedb|s3db|sl3|gpkg|mbtiles)$/i;

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;

/**
 * Whether a file is a SQLite database by its first bytes. Only what has the size or the name of one is opened: looking into every file of a project would
 * take longer than all else in a scan.
 */
export function isSqliteFile(file: string, size: number): boolean {
  if (size < MAGIC.length || (size % SMALLEST_PAGE !== 0 && !USUAL_NAME.test(file))) return false;
  return startOf(file, MAGIC.length)?.equals(MAGIC) === true;
}

/** Whether a file is a `-wal` or `-journal` that holds something. */
export function isSqlitePart(file: string, part: string): boolean {
  const start = startOf(file, JOURNAL_MAGIC.length);
  if (start === null) return false;
  if (part === '-journal') return start.equals(JOURNAL_MAGIC);
  return part === '-wal' && WAL_MAGICS.some((magic) => start.subarray(0, magic.length).equals(magic));
}

/** The first bytes of a regular file; null also for what cannot be read: that is another finding's business. */
function startOf(file: string, length: number): Buffer | null {
  let fd: number;
  try {
    fd = fs.openSync(file, O_RDONLY | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0));
  } catch {
    return null;
  }
  try {
    const start = Buffer.alloc(length);
    return fs.readSync(fd, start, 0, length, 0) === length ? start : null;
  } catch {
    return null;
  } finally {
    fs.closeSync(fd);
  }
}
