import { BackupError } from '../../model/backup-error.ts';
import type { Project } from '../../model/category.ts';
import type { Context } from '../../model/event.ts';
import type { Finding } from '../../model/finding.ts';
import { recordOperation } from '../../history/operation-log.ts';
import { recoverLeftovers } from '../../change/settle.ts';
import { withLocks } from '../../repository/with-locks.ts';

/**
 * Logs a command whose changes stay, so that undo can take them back. Where another migbackup holds a lock for longer than we wait, it is
 * logged all the same: a line is appended whole, only what is last in the log is not ours to say then.
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
  } catch (error) {
    if (!(error instanceof BackupError) || error.code !== 'LOCKED') throw error;
    return [...recordOperation(project, done, context), loggedWhileLocked(backupId, error)];
  }
}

function loggedWhileLocked(backupId: string, { message, path }: BackupError): Finding {
  return {
    code: 'logged-while-locked',
    severity: 'warning',
    message: `${message}; the command was logged all the same`,
    ...(path !== undefined && { path }),
    recommendation: `If that one changes the project too, undo takes back whatever was logged last: migbackup restore ${backupId} --exact goes back to before the command.`,
  };
}
