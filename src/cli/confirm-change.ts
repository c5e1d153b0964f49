import { BackupError } from '../core/model/backup-error.ts';
import type { RestorePlan } from '../core/model/restore-report.ts';
import { printErr } from './output.ts';
import { askYesNo } from './prompt.ts';
import { renderPlan } from './render/plan.ts';
import { paint } from './render/style.ts';
import type { Session } from './session.ts';
import { shellLine } from './shell-quote.ts';

interface Asked {
  /** The command that asks, as it is typed. */
  readonly command: string;
  readonly question: string;
  /** The words to give it again, with the backup named so that a newer one cannot slip in. */
  readonly argv: readonly string[];
}

/**
 * What a command asks before it changes the project. It is only asked when there is something to change. --yes answers; a person at
 * the terminal sees the plan and answers; anyone else gets CONFIRMATION_REQUIRED with the line to run.
 */
export function confirmChange(session: Session, { command, question, argv }: Asked) {
  return async (plan: RestorePlan): Promise<boolean> => {
    if (session.flags.yes) return true;
    if (!session.canAsk) {
      throw new BackupError('CONFIRMATION_REQUIRED', `${command} changes ${plan.target}, and nobody said yes`, {
        hint: `run: ${shellLine(['migbackup', command, ...argv, '--yes'])}`,
        path: plan.target,
        details: { plan },
      });
    }
    session.clearProgress();
    for (const line of renderPlan(plan, paint(process.stderr))) printErr(line);
    printErr('  What is replaced is saved first; migbackup undo takes this back.');
    if (await askYesNo(question, session.context.signal)) return true;
    throw new BackupError('CONFIRMATION_REQUIRED', 'the answer was no; nothing was changed', {
      hint: `migbackup ${command} --dry-run shows the plan again`,
    });
  };
}
