import fs from 'node:fs';
import path from 'node:path';
import { realPathAsFar } from '../../paths/paths.ts';
import type { CheckResult } from '../../model/validate-report.ts';
import { untrackedInWorkTree } from '../../scan/git-facts.ts';

/**
 * Would `git clean -xfd` delete the backups? It removes everything untracked in the work tree, and `-x` also what is
 * ignored: that .gitignore names the folder (as init sees to) keeps backups out of commits, but does not protect them.
 */
export async function checkGitClean(repository: string): Promise<CheckResult> {
  const folder = realPathAsFar(repository);
  let existing = folder;
  while (!fs.existsSync(existing) && path.dirname(existing) !== existing) existing = path.dirname(existing);
  const found = await untrackedInWorkTree(existing, folder);
  if (found === undefined) {
    return { id: 'git-clean', group: 'repository', status: 'ok', message: 'git clean would not remove the backups' };
  }
  return {
    id: 'git-clean',
    group: 'repository',
    status: 'warning',
    message: `git clean ${found.ignored ? '-xfd' : '-fd'} would remove the backups folder`,
    evidence: { folder, workTree: found.workTree, ignored: found.ignored },
    recommendation:
      'Keep backups outside the work tree (MIGBACKUP_BACKUPS or --backups DIR), or export the ones that matter.',
  };
}
