import { BackupError } from '../model/backup-error.ts';
import type { RestorePlan } from '../model/restore-report.ts';

export interface Approval {
  /** Go ahead only if the plan still has this hash; then nobody is asked. */
  readonly plan?: string | undefined;
  /** Asked once, with the plan, when there is something to change; throws or answers false to stop. */
  readonly confirm: (plan: RestorePlan) => Promise<boolean>;
}

/** Throws PLAN_CHANGED if another plan was approved than this one. */
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

/** Throws CONFIRMATION_REQUIRED unless the plan was approved by its hash or somebody says yes now. */
export async function requireYes({ plan: approved, confirm }: Approval, plan: RestorePlan): Promise<void> {
  if (approved !== undefined || (await confirm(plan))) return;
  throw new BackupError('CONFIRMATION_REQUIRED', 'the change was not confirmed; nothing was changed', {
    hint: 'Run it with --yes.',
  });
}
