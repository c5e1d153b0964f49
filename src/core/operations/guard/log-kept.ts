import { BackupError } from '../../model/backup-error.ts';
import type { Project } from '../../model/category.ts';
import type { Context } from '../../model/event.ts';
import type { Finding } from '../../model/finding.ts';
import { fromSystemError } from '../../model/system-error.ts';
import { recordOperation } from '../../history/operation-log.ts';
import { recoverLeftovers } from '../../change/settle.ts';
import { withLocks } from '../../repository/with-locks.ts';

/**
 * Logs a command whose changes stay, so that undo can take them back. If the locks cannot be taken (another migbackup holds one for longer than we
 * wait, or this user may not read one any more), it is logged anyway: a line is appended whole, but it may then not be the last one in the log.
 */
export async function logKept(
  project: Project,
  backupId: string,
  exit: number,
  lockWaitMs: number,
  context: Context,
): Promise<Finding[]> {
  const done = { operation: 'guard', backupId, planHash: null, safetyId: backupId, transactionId: null, exit };
  const locked = async (): Promise<Finding[]> => {
    await recoverLeftovers(project, context);
    return recordOperation(project, done, context);
  };
  try {
    return await withLocks(project, 'guard', locked, { ms: lockWaitMs, onEvent: context.onEvent });
  } catch (cause) {
    const error = fromSystemError(cause, 'the locks could not be taken');
    if (!(error instanceof BackupError)) throw error;
    const unlogged = recordOperation(project, done, context);
    return unlogged.length > 0 ? unlogged : [loggedWithoutLock(backupId, error)];
  }
}

function loggedWithoutLock(backupId: string, { message, path }: BackupError): Finding {
  return {
    code: 'logged-without-lock',
    severity: 'warning',
    message: `${message}; the command was logged anyway`,
    ...(path !== undefined && { path }),
    recommendation: `If another migbackup changes the project too, undo takes back whatever was logged last: migbackup restore ${backupId} --exact goes back to before the command.`,
  };
}
