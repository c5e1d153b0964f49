import path from 'node:path';
import { STATE_FOLDER } from '../fs/paths.ts';
import { lstatOrNull } from '../fs/durable.ts';
import type { Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { RecoverReport } from '../model/recover-report.ts';
import { recoverTransaction, type Recovered } from '../transaction/transaction.ts';
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
  return withLocks(project, 'recover', () => Promise.resolve(answer(recoverTransaction(project.root))));
}

/** What every changing command does first, under the lock. It says so if there was something. */
export function recoverLeftovers(root: string, context: Context): void {
  const outcome = recoverTransaction(root);
  if (outcome !== 'nothing') context.onEvent?.({ type: 'note', message: SAID[outcome] });
}
