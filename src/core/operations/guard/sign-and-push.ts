import type { PushedTo } from '../../history/push-copies.ts';
import type { PushWanted } from '../../history/push-targets.ts';
import { BackupError } from '../../model/backup-error.ts';
import { copiesIn } from '../../model/copies-in.ts';
import type { Project } from '../../model/category.ts';
import type { Context } from '../../model/event.ts';
import type { GuardReport } from '../../model/guard-report.ts';
import { plural } from '../../model/plural.ts';
import type { Signature } from '../../model/sign-report.ts';

interface Taken {
  readonly artifactsSha256: string;
  readonly backupId: string;
  readonly folder: string;
}

/** What is done with the backup before the command begins. */
export interface FirstWanted {
  /** Sign it with this key. */
  readonly sign?: string | undefined;
  /** Copy it to remotes. */
  readonly push?: PushWanted | undefined;
}

interface Done {
  readonly parts: Pick<GuardReport, 'signature' | 'copies'>;
  readonly findings: PushedTo['findings'];
}

/**
 * Chooses the remotes, and asks about new ones, before anything is made. Returns the function that signs a backup, copies it there and returns once there
 * are enough copies, each with its commit read back. Otherwise that throws, so that the command is not run: KEY_UNUSABLE, or the error of the first remote
 * that failed.
 */
export async function prepareFirst(
  project: Project,
  { sign, push }: FirstWanted,
): Promise<(taken: Taken, context: Context) => Promise<Done>> {
  const pushing = push === undefined ? undefined : await preparePush(project, push);
  return async (taken, context) => {
    const signature = sign === undefined ? undefined : await signFirst(taken, sign);
    const pushed = await pushing?.(taken, context);
    return {
      parts: { ...(signature && { signature }), ...(pushed && { copies: pushed.copies }) },
      findings: pushed?.findings ?? [],
    };
  };
}

async function signFirst(taken: Taken, key: string): Promise<Signature> {
  const { signTaken } = await import('../../protection/sign-backup.ts');
  try {
    return await signTaken(taken, key);
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    throw new BackupError(
      error.code,
      `the command was not run, because ${taken.backupId} is not signed: ${error.message}`,
      {
        hint: error.hint,
        path: key,
        cause: error,
        details: { backupId: taken.backupId },
      },
    );
  }
}

async function preparePush(
  project: Project,
  wanted: PushWanted,
): Promise<(taken: Taken, context: Context) => Promise<PushedTo>> {
  const { pushTaken } = await import('../../history/push-copies.ts');
  const { pushTargets } = await import('../../history/push-targets.ts');
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
