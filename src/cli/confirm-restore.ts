import { BackupError } from '../core/model/backup-error.ts';
import type { RestorePlan } from '../core/model/restore-report.ts';
import { printErr } from './output.ts';
import { askYesNo } from './prompt.ts';
import { renderPlan } from './render/plan.ts';
import { paint } from './render/style.ts';
import type { Session } from './session.ts';
import { shellLine } from './shell-quote.ts';

interface Asked {
  /** The words after `restore`. */
  readonly argv: readonly string[];
  /** How the backup was named; undefined: it was the latest. */
  readonly selector: string | undefined;
  readonly backupId: string;
}

/**
 * What a restore asks before it changes anything. It is only asked when there is something to change.
 * --yes answers; a person at the terminal sees the plan and answers; anyone else gets CONFIRMATION_REQUIRED
 * with the line to run, in which the backup is named so that a newer one cannot slip in.
 */
export function confirmRestore(session: Session, { argv, selector, backupId }: Asked) {
  return async (plan: RestorePlan): Promise<boolean> => {
    if (session.flags.yes) return true;
    if (!session.canAsk) {
      const given = argv.filter((word) => word !== '--latest');
      const named = selector === undefined ? [backupId] : [];
      throw new BackupError('CONFIRMATION_REQUIRED', `restore changes ${plan.target}, and nobody said yes`, {
        hint: `run: ${shellLine(['migbackup', 'restore', ...named, ...given, '--yes'])}`,
        path: plan.target,
        details: { plan },
      });
    }
    session.clearProgress();
    for (const line of renderPlan(plan, paint(process.stderr))) printErr(line);
    if (await askYesNo('Restore?', session.context.signal)) return true;
    throw new BackupError('CONFIRMATION_REQUIRED', 'the answer was no; nothing was changed', {
      hint: 'migbackup restore --dry-run shows the plan again',
    });
  };
}
