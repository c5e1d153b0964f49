import { pushTaken, pushTargets, type PushedTo, type PushWanted } from '../../history/push-copies.ts';
import { BackupError } from '../../model/backup-error.ts';
import { copiesIn } from '../../model/copies-in.ts';
import type { Project } from '../../model/category.ts';
import type { Context } from '../../model/event.ts';
import { plural } from '../../model/plural.ts';

interface Taken {
  readonly backupId: string;
  readonly folder: string;
}

/**
 * Chooses the remotes, and asks about new ones, before anything is made. Returns the function that copies a backup there and returns once there are enough
 * copies, each with its commit read back. Otherwise that throws, so that the command is not run: the error of the first remote that failed.
 */
export async function preparePush(
  project: Project,
  wanted: PushWanted,
): Promise<(taken: Taken, context: Context) => Promise<PushedTo>> {
  const targets = await pushTargets(project, wanted);
  const { minCopies } = targets;
  return async (taken, context) => {
    const pushed = await pushTaken(project, taken, targets, context);
    const has = copiesIn(pushed.copies);
    const [error] = pushed.errors;
    if (has >= minCopies || error === undefined) return pushed;
    const lacking = `${taken.backupId} has ${has} of ${plural(minCopies, 'copy', 'copies')}`;
    throw new BackupError(error.code, `the command was not run, because ${lacking}: ${error.message}`, {
      hint: error.hint,
      path: error.path ?? taken.folder,
      cause: error,
      details: { backupId: taken.backupId, copies: pushed.copies },
    });
  };
}
