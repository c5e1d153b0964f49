import { BackupError } from '../../../model/backup-error.ts';
import { damaged } from '../../damage.ts';
import { nodeSqlite } from '../node-sqlite.ts';

/** All pages in one step: between two steps a writer may write, and then the copy begins anew. */
const ALL_PAGES = 2 ** 31 - 1;
/** Codes of SQLite; extended ones keep them in the lowest byte. */
const CORRUPT = 11;
const FULL = 13;
const NOT_A_DATABASE = 26;

/**
 * Has SQLite copy a database that is in rollback mode, on a read-only connection and in one step; writers wait meanwhile. Such a connection rolls no hot journal back: it
 * fails where there is one. In WAL mode it would leave files beside the database. No descriptor of the file may be closed by this process until it is
 * done: that drops its lock.
 * @param patienceMs how long writers may keep it waiting for its lock
 * @returns null, or why it was not copied: another attempt may succeed
 * @throws BackupError DATABASE_DAMAGED, NO_SPACE
 */
export async function backupDatabase(
  place: string,
  to: string,
  name: string,
  patienceMs: number,
): Promise<Error | null> {
  const { backup, DatabaseSync } = nodeSqlite();
  try {
    using source = new DatabaseSync(place, { readOnly: true, timeout: patienceMs });
    await backup(source, to, { rate: ALL_PAGES });
    return null;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const code = 'errcode' in error ? Number(error.errcode) % 256 : 0;
    if (code === CORRUPT || code === NOT_A_DATABASE) throw damaged(name, error.message, undefined, error);
    if (code === FULL) {
      const hint = 'Free some space there.';
      throw new BackupError('NO_SPACE', 'not enough space to copy a database', { hint, path: to, cause: error });
    }
    // A lock that is not given in time leaves no code.
    return code === 0 ? new Error('it gets no lock', { cause: error }) : error;
  }
}
