import { errnoOf } from '../../model/backup-error.ts';
import type { Project } from '../../model/category.ts';
import { claimedElsewhere } from '../../history/claim.ts';
import { guardedBackup } from '../../history/marker.ts';
import type { ReadBackup } from '../../repository/whose.ts';

/**
 * The backups that a guarded command relies on, and why they stay. A project may have several checkouts that use one repository, and each may
 * have a guard: it says so beside the reports about its backup, and an older one in its own folder alone: the backups say in which folders they were made. Where a folder does not let itself be looked into, all that was made in it stays.
 */
export function guardedAmong(project: Project, backups: readonly ReadBackup[]): [id: string, why: string][] {
  const { root } = project;
  const claimed = backups.flatMap(({ id }): [string, string][] => {
    const why = claimedElsewhere(project, id);
    return why === null ? [] : [[id, why]];
  });
  const byRoot = Map.groupBy(backups, ({ manifest }) => manifest?.project.root ?? root);
  const marked = [...new Set([root, ...byRoot.keys()])]
    .filter((folder) => folder === root || isLocal(folder))
    .flatMap((folder): [string, string][] => {
      try {
        const guarded = guardedBackup(folder);
        return guarded === null ? [] : [[guarded, 'a guarded command relies on it']];
      } catch (error) {
        if (errnoOf(error) === undefined || folder === root) throw error;
        const why = `whether a guarded command in ${folder} relies on it cannot be told`;
        return (byRoot.get(folder) ?? []).map(({ id }): [string, string] => [id, why]);
      }
    });
  return [...claimed, ...marked];
}

/** A share of another machine is not asked because a backup names it: who made the backup may have stated anything. */
function isLocal(folder: string): boolean {
  return !/^[\\/]{2}/.test(folder);
}
