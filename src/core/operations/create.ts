import { describeTaken, prepareMigrationBackup, type MigrationOptions } from '../capture/migration-backup.ts';
import { lostState } from '../checks/lost-state.ts';
import { stateGone, withRestoreLine } from '../checks/preflight/state-gone.ts';
import { recoverLeftovers } from '../change/settle.ts';
import type { Project } from '../model/category.ts';
import type { CreateReport } from '../model/create-report.ts';
import type { Context } from '../model/event.ts';
import { startReport } from '../repository/report-head.ts';
import { withLocks } from '../repository/with-locks.ts';

/**
 * Takes a backup of kind migration and proves it. Throws NOTHING_TO_BACK_UP, UNKNOWN_CATEGORY, NO_SPACE, REPOSITORY_UNWRITABLE, LOCKED, the
 * SOURCE_* and DATABASE_* errors, PROOF_FAILED or INTERRUPTED; then there is no backup.
 */
export async function create(project: Project, options: MigrationOptions, context: Context): Promise<CreateReport> {
  const head = startReport(context);
  const take = prepareMigrationBackup(project, options);
  const { gone, taken } = await withLocks(project, 'create', async () => {
    await recoverLeftovers(project, context);
    // Before this backup is the newest.
    const lost = await lostState(project, context.signal);
    try {
      return { gone: stateGone(lost), taken: await take(context) };
    } catch (error) {
      throw withRestoreLine(error, lost);
    }
  });
  const described = describeTaken(taken);
  return { ...head(), ...described, findings: [...gone, ...described.findings] };
}
