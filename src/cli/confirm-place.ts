import { askOrRefuse } from './confirm-change.ts';
import type { Session } from './session.ts';
import { wrap } from './render/style.ts';
import { escapeName } from '../core/paths/names.ts';
import { plural } from '../core/model/plural.ts';

interface NewPlace {
  readonly remote: string;
  readonly place: string;
  readonly endpoint: string | null;
  readonly lock: { readonly mode: 'governance' | 'compliance'; readonly days: number } | null;
  readonly encryptedFor: readonly string[] | null;
}

/**
 * Asks before backups first go to a place that a config names: a config comes along with a checkout, and says where data goes.
 * @param argv the words of this run
 */
export function confirmPlace(session: Session, command: string, argv: readonly string[]) {
  const ask = askOrRefuse(session, { command, question: 'Send backups there?', argv });
  return (plan: NewPlace): Promise<boolean> => {
    const at = plan.endpoint === null ? '' : ` at ${escapeName(plan.endpoint)}`;
    const readers =
      plan.encryptedFor === null
        ? 'Whoever can read there can read them.'
        : `They are encrypted for ${plan.encryptedFor.join(' and ')}.`;
    const lines = [
      wrap(
        `Nothing was pushed to ${escapeName(plan.remote)} from this machine yet, or not for the same readers.`,
        '  ',
        2,
      ),
      wrap(`Backups go to ${escapeName(plan.place)}${at}. ${readers}`, '  ', 2),
    ];
    if (plan.lock?.mode === 'compliance')
      lines.push(
        wrap(
          `Nobody, not even the owner of the account, can delete a copy for ${plural(plan.lock.days, 'day')} (compliance). This cannot be taken back.`,
          '  ',
          2,
        ),
      );
    return ask({ lines, what: `sends backups to ${escapeName(plan.place)}${at}`, path: plan.place, plan });
  };
}

/** Asks before others are given keys: a config comes along with a checkout, and says who. */
export function confirmReaders(session: Session, command: string, argv: readonly string[]) {
  const ask = askOrRefuse(session, { command, question: 'Let them open it?', argv });
  return (plan: {
    readonly place: string;
    readonly recipients: readonly string[];
    readonly copies: number;
  }): Promise<boolean> => {
    const who = plan.recipients.join(' and ');
    const what = `lets ${who} open ${plural(plan.copies, 'copy', 'copies')} in ${escapeName(plan.place)}`;
    return ask({ lines: [wrap(`It ${what}. That cannot be taken back.`, '  ', 2)], what, path: plan.place, plan });
  };
}

/** Asks before a lock is tried that nobody can take back, even for a minute. */
export function confirmTry(session: Session, command: string, argv: readonly string[]) {
  const ask = askOrRefuse(session, { command, question: 'Try the lock?', argv });
  return (plan: { readonly remote: string; readonly place: string }): Promise<boolean> => {
    const what = `writes an object to ${escapeName(plan.place)} that nobody can delete for a minute (compliance)`;
    return ask({ lines: [wrap(`It ${what}.`, '  ', 2)], what, path: plan.place, plan });
  };
}
