import { escapeName } from '../core/paths/names.ts';
import type { GuardReport } from '../core/model/guard-report.ts';
import { plural } from '../core/model/plural.ts';
import type { Finding } from '../core/model/finding.ts';
import { wrap } from './render/style.ts';
import type { Session } from './session.ts';

type Changes = Pick<GuardReport, 'paths' | 'external'>;

const NAMED = 5;

/**
 * `--on-failure ask`: shows what the command did and asks whether to go back. --yes means to go back. If nobody can be asked, it goes
 * back unless transactions were sent, as it does without the flag.
 */
export function confirmWayBack(session: Session) {
  return async ({ paths, external }: Changes, loss: readonly Finding[]): Promise<boolean> => {
    if (session.flags.yes) return true;
    if (!session.canAsk) return external.length === 0;
    const more = paths.length - NAMED;
    const lines = [
      ...loss.map(({ message }) => wrap(message, '  ! ', 4)),
      `  the command ${loss.length === 0 ? 'failed' : 'counts as failed'}; it changed ${plural(paths.length, 'path')}:`,
      ...paths.slice(0, NAMED).map(({ path, change }) => `    ${change.padEnd(7)}  ${escapeName(path)}`),
      ...(more > 0 ? [`    and ${more} more`] : []),
      ...(external.length > 0
        ? ['  ! it changed records of transactions that were sent to a chain; those cannot be taken back']
        : []),
    ];
    return session.ask(lines, 'Bring everything back?', 'means no');
  };
}
