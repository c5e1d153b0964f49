import fs from 'node:fs';
import path from 'node:path';
import { lstatOrNull } from '../../../fs/durable.ts';
import { ODD_LOCK, type Holder } from '../../engine.ts';
import { LOCK_FILE } from '../format/recognise.ts';
import { lockHolders } from '../../locks/lock-holders.ts';
import { lockKey, ours } from '../../locks/our-locks.ts';
import { askByOpening, tryLock, unknownHolder, type TryOptions } from '../../locks/try-lock.ts';

/**
 * Says whether a process holds the database in `dir`. Asks the lock itself, by opening an empty database of its own whose LOCK is a link
 * to the real one: the database in `dir` is never opened, and nothing is made or changed in it.
 */
export async function whoHolds(dir: string, options: TryOptions = {}): Promise<Holder> {
  const lock = path.join(fs.realpathSync(dir), LOCK_FILE);
  const stat = lstatOrNull(lock);
  if (stat === null) return { held: 'no', pids: [], evidence: 'there is no LOCK file' };
  if (!stat.isFile()) return { held: 'unknown', pids: [], evidence: ODD_LOCK };
  if (process.platform === 'win32') return askByOpening(lock);
  if (ours.has(lockKey(stat))) return { held: 'no', pids: [], evidence: 'this migbackup itself holds the lock' };
  const answer = await tryLock(lock, stat, options);
  if (answer === 'free') return { held: 'no', pids: [], evidence: 'the lock could be taken' };
  if (answer !== 'held') return unknownHolder(lock, answer);
  return { held: 'yes', pids: lockHolders(stat)?.pids ?? [], evidence: 'another process has the lock' };
}
