import type { Project } from '../model/category.ts';
import type { KnownCopies } from './joined-copies.ts';
import { readCopyLog } from './pushed-copies.ts';

/**
 * What is known of copies: what was pushed from this repository, and what this machine saw in the remotes of the config and where it pushed to.
 * @param more remotes that are not in the config, by name with their places
 */
export async function knownCopies(
  { config, repository }: Pick<Project, 'config' | 'repository'>,
  more: ReadonlyMap<string, string> = new Map(),
): Promise<KnownCopies> {
  const log = readCopyLog(repository);
  const remotes = config.remotes ?? {};
  if (log.pushed.length === 0 && Object.keys(remotes).length === 0 && more.size === 0)
    return { of: () => [], remotesWithout: () => [] };
  // Few projects have remotes, and `list` starts without what reads them.
  const { joinSeen } = await import('./joined-copies.ts');
  return joinSeen(config, log, more);
}
