import path from 'node:path';
import { BackupError } from '../model/backup-error.ts';
import type { Pending } from '../model/status-report.ts';
import { STATE_FOLDER } from '../paths/paths.ts';
import { lockHolder } from '../repository/lock.ts';
import { pendingTransaction } from '../transaction/transaction.ts';

/**
 * Another migbackup that is at work in the project, or a restore that was killed; null where there is neither. Whoever holds the lock may be in the
 * middle of a restore, which then is not interrupted. Changes nothing. Throws IO where this user may not look.
 */
export function unfinished(root: string): Pending | null {
  const killed = killedRestore(root);
  const holder = lockHolder(path.join(root, STATE_FOLDER), killed !== null);
  if (holder !== null) return { what: 'running', message: `${holder} is at work in this project`, command: null };
  return killed === null ? null : { what: 'restore-unfinished', message: killed, command: 'migbackup recover' };
}

/** A journal that cannot be trusted, or that is none, is what `recover` speaks of. */
function killedRestore(root: string): string | null {
  try {
    const journal = pendingTransaction(root);
    return journal && `the ${journal.operation} of ${journal.backupId} was interrupted and is unfinished`;
  } catch (error) {
    if (error instanceof BackupError && error.code !== 'IO') return error.message;
    throw error;
  }
}
