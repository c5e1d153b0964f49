import fs from 'node:fs';

/** The first sixteen bytes of a database (https://www.sqlite.org/fileformat.html, "The Database Header"). */
const MAGIC = Buffer.from('SQLite format 3\0', 'latin1');
/** What holds writes that are not in the database file yet, or must be taken back out of it. */
const SUFFIXES = ['-wal', '-journal'];

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;

/** Those of `names` that may be a SQLite database with a write-ahead log or a rollback journal beside it, and that file's name. */
export function besideJournals(names: readonly string[]): { readonly name: string; readonly journal: string }[] {
  const journals = names.filter((name) => SUFFIXES.some((suffix) => name.endsWith(suffix)));
  if (journals.length === 0) return [];
  const known = new Set(names);
  return journals
    .map((journal) => ({ name: journal.slice(0, journal.lastIndexOf('-')), journal }))
    .filter(({ name }) => known.has(name));
}

/** Whether `file` is a SQLite database and `journal` holds something: then neither alone is its whole state. */
export function isUnfinishedSqlite(file: string, journal: string): boolean {
  const beside = fs.lstatSync(journal, { throwIfNoEntry: false });
  if (beside === undefined || !beside.isFile() || beside.size === 0) return false;
  return startsWithMagic(file);
}

/** False also for what cannot be read: that is another finding's business. */
function startsWithMagic(file: string): boolean {
  let fd: number;
  try {
    fd = fs.openSync(file, O_RDONLY | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0));
  } catch {
    return false;
  }
  try {
    const start = Buffer.alloc(MAGIC.length);
    return fs.readSync(fd, start, 0, start.length, 0) === start.length && start.equals(MAGIC);
  } catch {
    return false;
  } finally {
    fs.closeSync(fd);
  }
}
