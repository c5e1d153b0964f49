import { lstatOrNull } from '../../fs/durable.ts';
import type { CheckResult } from '../../model/validate-report.ts';
import { staleNames } from '../../repository/work-folder.ts';

/** What runs that were killed left in the store. It is no backup, and takes room. */
export function checkStaleWork(store: string, locked: boolean): CheckResult {
  const about = { id: 'stale-work', group: 'store' } as const;
  // Whoever holds the lock may be working in it.
  const stale = locked || lstatOrNull(store)?.isDirectory() !== true ? [] : staleNames(store);
  if (stale.length === 0) return { ...about, status: 'ok', message: 'nothing is left over from interrupted runs' };
  return {
    ...about,
    status: 'info',
    message: `${stale.length === 1 ? 'one work folder is' : `${stale.length} work folders are`} left from interrupted runs`,
    paths: stale,
    recommendation: 'The next command that changes something removes them; migbackup recover does nothing else.',
  };
}
