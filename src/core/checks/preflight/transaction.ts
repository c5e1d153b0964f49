import { BackupError } from '../../model/backup-error.ts';
import type { CheckResult } from '../../model/validate-report.ts';
import { committedFolder, finishedTransactions, pendingTransaction } from '../../transaction/transaction.ts';

/** A restore that was killed. The next command settles it, unless its journal cannot be read: then every command refuses. */
export function checkTransaction(root: string): CheckResult {
  const about = { id: 'transaction', group: 'project' } as const;
  try {
    const pending = pendingTransaction(root);
    if (pending === null) return { ...about, status: 'ok', message: 'no unfinished restore' };
    return {
      ...about,
      status: 'warning',
      message: 'a restore was interrupted and is unfinished',
      evidence: { operation: pending.operation, backupId: pending.backupId, startedAt: pending.startedAt },
      recommendation: 'Run migbackup recover: the project is in between until then.',
    };
  } catch (error) {
    return unreadable(about, error);
  }
}

/** What finished restores replaced and is still there, because no safety backup was seen to hold it. */
export function checkReplacedKept(root: string): CheckResult {
  const about = { id: 'replaced-kept', group: 'project' } as const;
  try {
    const kept = finishedTransactions(root).map(({ id }) => committedFolder(root, id));
    if (kept.length === 0) return { ...about, status: 'ok', message: 'nothing is kept that a restore replaced' };
    return {
      ...about,
      status: 'info',
      message: 'what a finished restore replaced is still kept',
      paths: kept,
      recommendation:
        'The next command that changes something removes it if its safety backup holds it; else remove it when you no longer need it.',
    };
  } catch (error) {
    return unreadable(about, error);
  }
}

/** What stops every command that changes something. */
function unreadable(about: Pick<CheckResult, 'id' | 'group'>, error: unknown): CheckResult {
  if (!(error instanceof BackupError)) throw error;
  const paths = error.path === undefined ? [] : [error.path];
  return { ...about, status: 'critical', message: error.message, paths, recommendation: error.hint };
}
