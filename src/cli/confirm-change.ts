import { BackupError } from '../core/model/backup-error.ts';
import type { RestorePlan } from '../core/model/restore-report.ts';
import { renderPlan } from './render/plan.ts';
import { paint } from './render/style.ts';
import type { Session } from './session.ts';
import { shellLine } from '../core/model/shell-quote.ts';
import { pasteable } from './pasteable.ts';

interface Asked {
  /** The command that asks, as it is typed. */
  readonly command: string;
  readonly question: string;
  /** The words to run the command again. They name the backup, so that a newer one cannot take its place. */
  readonly argv: readonly string[];
  /** What the command does, if that is more than changing the project; it follows the command's name. */
  readonly what?: string;
  /** Lines that are shown before the plan. */
  readonly lead?: readonly string[];
}

interface Shown {
  /** What a person sees before the question. */
  readonly lines: readonly string[];
  /** What the command is about to do, after its name: `changes /project`. */
  readonly what: string;
  readonly path: string;
  readonly plan: unknown;
}

/**
 * Asks before a command changes anything. --yes is an answer; a person at the terminal sees the plan and answers; without a terminal the
 * error is CONFIRMATION_REQUIRED, and its hint has the line to run.
 */
export function askOrRefuse(session: Session, { command, question, argv }: Asked) {
  // After `--` no word is a flag.
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  const lineWith = (flag: string): string =>
    shellLine(['migbackup', command, ...argv.slice(0, end), flag, ...argv.slice(end)]);
  return async ({ lines, what, path, plan }: Shown): Promise<boolean> => {
    if (session.flags.yes) return true;
    if (!session.canAsk) {
      throw new BackupError('CONFIRMATION_REQUIRED', `${command} ${what}, but this was not confirmed`, {
        hint: `To go ahead, run: ${lineWith('--yes')}`,
        path,
        details: { plan },
      });
    }
    if (await session.ask(lines, question, 'interrupts')) return true;
    throw new BackupError('CONFIRMATION_REQUIRED', 'the answer was no; nothing was changed', {
      hint: `To see the plan again, run: ${lineWith('--dry-run')}`,
      details: { answer: 'no' },
    });
  };
}

/** The same for a change of the project. `saved` says whether it can be taken back. */
export function confirmChange(session: Session, asked: Asked, saved = true) {
  const ask = askOrRefuse(session, asked);
  return (plan: RestorePlan): Promise<boolean> => {
    const lines = [
      ...(asked.lead ?? []),
      ...renderPlan(plan, paint(process.stderr)),
      pasteable(
        saved
          ? '  What is replaced is saved first; migbackup undo takes this back.'
          : '  No safety backup is taken: migbackup undo will not take this back.',
      ),
    ];
    return ask({ lines, what: asked.what ?? `changes ${plan.target}`, path: plan.target, plan });
  };
}
