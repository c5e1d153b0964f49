import { lstatOrNull } from '../../fs/durable.ts';
import type { CheckResult } from '../../model/validate-report.ts';
import { staleNames } from '../../repository/work-folder.ts';

/** What runs that were killed left in the repository. It is no backup, and takes room. */
export function checkStaleWork(repository: string, locked: boolean): CheckResult {
  const about = { id: 'stale-work', group: 'repository' } as const;
  // Whoever holds the lock may be working in it.
  const stale = locked || lstatOrNull(repository)?.isDirectory() !== true ? [] : staleNames(repository);
  if (stale.length === 0) return { ...about, status: 'ok', message: 'nothing is left over from interrupted runs' };
  return {
    ...about,
    status: 'info',
    message: `${stale.length === 1 ? 'one work folder is' : `${stale.length} work folders are`} left from interrupted runs`,
    paths: stale,
    recommendation: 'The next command that changes something removes them; migbackup recover does nothing else.',
  };
}
