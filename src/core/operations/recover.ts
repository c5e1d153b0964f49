import path from 'node:path';
import { settle, SAID, type Settled } from '../change/settle.ts';
import { lstatOrNull } from '../fs/durable.ts';
import { describeInterruptedGuard, wayBackOf } from '../history/describe-guard.ts';
import { refuseWhileGuarded } from '../history/guard-at-work.ts';
import type { Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { RecoverReport } from '../model/recover-report.ts';
import { STATE_FOLDER } from '../paths/paths.ts';
import { startReport } from '../repository/report-head.ts';
import { withLocks } from '../repository/with-locks.ts';

/**
 * Finishes or takes back a restore that was killed, and says what a killed guard had been running. If there is nothing to do, the report says so. Throws
 * TRANSACTION_UNREADABLE, ROLLBACK_FAILED or LOCKED.
 */
export async function recover(
  project: Project,
  _options: Record<string, never>,
  context: Context,
): Promise<RecoverReport> {
  const head = startReport(context);
  const answer = ({ outcome, guard, findings }: Omit<Settled, 'unlogged' | 'cleaned'>): RecoverReport => ({
    ...head(),
    operation: 'recover',
    root: project.root,
    outcome,
    guard: guard === null ? null : { backupId: guard.backupId, command: guard.command, startedAt: guard.startedAt },
    findings,
    message: [
      SAID[outcome],
      ...(guard === null ? [] : [`${describeInterruptedGuard(guard)}: ${wayBackOf(guard)}`]),
    ].join('; '),
  });
  if (lstatOrNull(path.join(project.root, STATE_FOLDER)) === null)
    return answer({ outcome: 'nothing', guard: null, findings: [] });
  return withLocks(project, 'recover', async () => {
    refuseWhileGuarded(project.root);
    const settled = await settle(project, context);
    for (const message of settled.cleaned) context.onEvent?.({ type: 'note', message });
    return answer(settled);
  });
}
