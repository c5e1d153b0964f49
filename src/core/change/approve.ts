import { BackupError } from '../model/backup-error.ts';
import type { RestorePlan } from '../model/restore-report.ts';

export interface Approval {
  /** Change the project only if the plan still has this hash. Then no question is asked. */
  readonly plan?: string | undefined;
  /** Asks once, with the plan, if there is something to change. It throws or returns false to stop. */
  readonly confirm: (plan: RestorePlan) => Promise<boolean>;
}

/** Throws PLAN_CHANGED if the approved plan is not this one. */
export function requireSamePlan({ plan: approved }: Pick<Approval, 'plan'>, plan: RestorePlan): void {
  if (approved === undefined || approved === plan.hash) return;
  throw new BackupError(
    'PLAN_CHANGED',
    'the plan is no longer the one that was approved: the project or the backup has changed',
    {
      hint: 'Look at it again with --dry-run. Nothing was changed.',
      details: { approved, now: plan.hash },
    },
  );
}

/** Throws CONFIRMATION_REQUIRED unless the plan was approved by its hash or is confirmed now. */
export async function requireYes({ plan: approved, confirm }: Approval, plan: RestorePlan): Promise<void> {
  if (approved !== undefined || (await confirm(plan))) return;
  throw new BackupError('CONFIRMATION_REQUIRED', 'the change was not confirmed; nothing was changed', {
    hint: 'Run the command again with --yes.',
  });
}
