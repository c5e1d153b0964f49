import path from 'node:path';
import { STATE_FOLDER } from '../fs/paths.ts';
import { lstatOrNull } from '../fs/durable.ts';
import type { Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { RecoverReport } from '../model/recover-report.ts';
import { parseId } from '../store/id.ts';
import { finishedTransactions, recoverTransaction, type Recovered } from '../transaction/transaction.ts';
import { operationsOn, recordOperation } from './operation-log.ts';
import { startReport } from './report-head.ts';
import { withLocks } from './with-locks.ts';

const SAID: Record<Recovered, string> = {
  nothing: 'there was no unfinished restore',
  'removed-stage': 'a restore had been interrupted before it changed anything; what it had prepared was removed',
  completed: 'an interrupted restore was finished',
  'taken-back': 'an interrupted restore was taken back',
};

/** Finishes or takes back a restore that was killed. Nothing to do is fine. Throws TRANSACTION_UNREADABLE, ROLLBACK_FAILED or LOCKED. */
export async function recover(
  project: Project,
  _options: Record<string, never>,
  context: Context,
): Promise<RecoverReport> {
  const head = startReport(context);
  const answer = (outcome: Recovered): RecoverReport => ({
    ...head(),
    operation: 'recover',
    root: project.root,
    outcome,
    message: SAID[outcome],
  });
  if (lstatOrNull(path.join(project.root, STATE_FOLDER)) === null) return answer('nothing');
  return withLocks(project, 'recover', () => Promise.resolve(answer(settle(project, context))));
}

/** What every changing command does first, under the lock. It says so if there was something. */
export function recoverLeftovers(project: Project, context: Context): void {
  const outcome = settle(project, context);
  if (outcome !== 'nothing') context.onEvent?.({ type: 'note', message: SAID[outcome] });
}

/** Recovers, and logs what was committed by a run that was killed before it could: undo must know of it. */
function settle(project: Project, context: Context): Recovered {
  const outcome = recoverTransaction(project.root);
  const finished = finishedTransactions(project.root);
  if (finished.length === 0) return outcome;
  const logged = new Set(operationsOn(project).map((record) => record.transactionId));
  for (const { id, operation, backupId, planHash } of finished) {
    if (logged.has(id)) continue;
    const safetyId = parseId(id)?.kind === 'safety' ? id : null;
    recordOperation(project, { operation, backupId, planHash, safetyId, transactionId: id, exit: 0 }, context);
  }
  return outcome;
}
