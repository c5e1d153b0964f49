import { lstatOrNull } from '../../fs/durable.ts';
import { recentOpenFiles, type OpenFiles } from '../../fs/open-files.ts';
import type { Holder } from '../engine.ts';
import { lockKey, ours } from '../locks/our-locks.ts';
import { askByOpening, tryLock } from '../locks/try-lock.ts';
import { whoHasOpen } from '../locks/who-has-open.ts';

/** What every connection has open: the database file, and in WAL mode these beside it. */
const PARTS = ['', '-wal', '-shm'];

/**
 * Says whether another process has a database open. On Linux it only looks, at descriptors and locks: a lock of ours, however short, would make the
 * next statement of whoever uses the database fail with SQLITE_BUSY. Elsewhere nothing but such an attempt tells.
 * @param open the look at descriptors that serves
 */
export async function whoHoldsSqlite(place: string, open?: OpenFiles | null): Promise<Holder> {
  const stat = lstatOrNull(place);
  if (stat === null) return { held: 'no', pids: [], evidence: 'there is no database file' };
  // A folder, a link or a pipe is no database: who has what is in it open says the engine whose it is.
  if (!stat.isFile()) return { held: 'no', pids: [], evidence: 'what stands there is not a regular file' };
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
