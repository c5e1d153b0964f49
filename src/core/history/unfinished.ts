import path from 'node:path';
import { BackupError } from '../model/backup-error.ts';
import type { Pending } from '../model/status-report.ts';
import { STATE_FOLDER } from '../paths/paths.ts';
import { lockHolder } from '../repository/lock.ts';
import { pendingTransaction } from '../transaction/transaction.ts';

/**
 * Another migbackup that is at work in the project, or a restore that was killed; null if there is neither. The holder of the lock may be in the
 * middle of a restore, which is then not an interrupted one. Changes nothing. Throws IO if this user may not look.
 */
export function unfinished(root: string): Pending | null {
  const killed = killedRestore(root);
  const holder = lockHolder(path.join(root, STATE_FOLDER), killed !== null);
  if (holder !== null) return { what: 'running', message: `${holder} is at work in this project`, command: null };
  return killed === null ? null : { what: 'restore-unfinished', message: killed, command: 'migbackup recover' };
}

/** `recover` reports a journal that is damaged or cannot be trusted. */
function killedRestore(root: string): string | null {
  try {
    const journal = pendingTransaction(root);
    return journal && `the ${journal.operation} of ${journal.backupId} was interrupted and is unfinished`;
  } catch (error) {
    if (error instanceof BackupError && error.code !== 'IO') return error.message;
    throw error;
  }
}
