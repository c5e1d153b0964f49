import { lstatOrNull } from '../../fs/durable.ts';
import { recentOpenFiles, type OpenFiles } from '../../fs/open-files.ts';
import type { Holder } from '../engine.ts';
import { lockKey, ours } from '../locks/our-locks.ts';
import { askByOpening, tryLock } from '../locks/try-lock.ts';
import { whoHasOpen } from '../locks/who-has-open.ts';

/** The files that every connection has open: the database file, and in WAL mode also these beside it. */
const PARTS = ['', '-wal', '-shm'];

/**
 * Says whether another process has a database open. On Linux it only looks at descriptors and locks: a lock of ours, however short, could make a
 * statement of another process fail with SQLITE_BUSY. On other systems only an attempt to lock the file can tell.
 * @param open what an earlier look at descriptors found
 */
export async function whoHoldsSqlite(place: string, open?: OpenFiles | null): Promise<Holder> {
  const stat = lstatOrNull(place);
  if (stat === null) return { held: 'no', pids: [], evidence: 'there is no database file' };
  // A folder, a link or a pipe is not a SQLite database. If a folder is a database of another engine, that engine answers for it.
  if (!stat.isFile()) return { held: 'no', pids: [], evidence: 'the path does not lead to a regular file' };
  if (process.platform === 'win32') return askByOpening(place);
  if (process.platform === 'linux') {
    const parts = PARTS.map((part) => lstatOrNull(place + part)).filter((part) => part !== null);
    return whoHasOpen(parts, open === undefined ? recentOpenFiles() : open);
  }
  if (ours.has(lockKey(stat))) return { held: 'no', pids: [], evidence: 'this migbackup itself holds the lock' };
  const answer = await tryLock(place);
  if (answer === 'free') return { held: 'no', pids: [], evidence: 'its lock could be taken' };
  if (answer !== 'held') return { held: 'unknown', pids: [], evidence: answer.replace(/^unknown: /, '') };
  return { held: 'yes', pids: [], evidence: 'another process has a lock on it' };
}
