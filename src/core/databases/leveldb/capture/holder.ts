import fs from 'node:fs';
import path from 'node:path';
import { lstatOrNull } from '../../../fs/durable.ts';
import { ODD_LOCK, type Holder } from '../../engine.ts';
import { LOCK_FILE } from '../format/recognise.ts';
import { lockHolders } from '../../locks/lock-holders.ts';
import { lockKey, ours } from '../../locks/our-locks.ts';
import { canTouch, touchLock } from '../../locks/touch-lock.ts';
import { askByOpening, tryLock, unknownHolder, type TryOptions } from '../../locks/try-lock.ts';

/**
 * Says whether a process holds the database in `dir`, which is never opened: nothing is made or changed in it. It looks into the system's list of
 * locks first. That list lacks the locks of other containers and machines, so a missing line does not mean that the database is free. Then it tries
 * the lock itself, for as short a time as possible, because another process that opens the database at that moment fails
 * (docs/decisions/0007-lock-probe.md).
 */
export async function whoHolds(dir: string, options: TryOptions = {}): Promise<Holder> {
  const lock = path.join(fs.realpathSync(dir), LOCK_FILE);
  const stat = lstatOrNull(lock);
  if (stat === null) return { held: 'no', pids: [], evidence: 'there is no LOCK file' };
  if (!stat.isFile()) return { held: 'unknown', pids: [], evidence: ODD_LOCK };
  if (process.platform === 'win32') return askByOpening(lock);
  if (ours.has(lockKey(stat))) return { held: 'no', pids: [], evidence: 'this migbackup itself holds the lock' };
  const listed = lockHolders(stat);
  const held: Holder = { held: 'yes', pids: listed?.pids ?? [], evidence: 'another process has the lock' };
  if (options.probe === undefined && listed?.certain === true) return held;
  const byTouch = options.probe === undefined && canTouch(lock, stat);
  const answer = byTouch ? await touchLock(lock) : await tryLock(lock, options);
  if (answer === 'held') return held;
  if (answer !== 'free') return unknownHolder(lock, answer);
  return { held: 'no', pids: [], evidence: 'the lock could be taken' };
}
