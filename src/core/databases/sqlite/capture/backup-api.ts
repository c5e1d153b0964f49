import { BackupError } from '../../../model/backup-error.ts';
import { damaged } from '../../damage.ts';
import { nodeSqlite } from '../node-sqlite.ts';

/** All pages in one step. If a writer writes between two steps, the copy starts over. */
const ALL_PAGES = 2 ** 31 - 1;
/** Codes of SQLite; extended ones keep them in the lowest byte. */
const CORRUPT = 11;
const FULL = 13;
const NOT_A_DATABASE = 26;

/**
 * Has SQLite copy a database in rollback mode, on a read-only connection and in one step, while writers wait. Such a connection does not roll a hot
 * journal back: it fails if there is one. In WAL mode it would leave files beside the database. Until it is done, this process must not close any
 * descriptor of the file, since that would drop the lock.
 * @param patienceMs how long writers may keep it waiting for its lock
 * @returns null, or why the copy failed; another attempt may succeed
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
    // There is no code if SQLite does not get the lock in time.
    return code === 0 ? new Error('it gets no lock', { cause: error }) : error;
  }
}
