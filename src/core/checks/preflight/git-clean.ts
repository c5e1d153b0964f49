import fs from 'node:fs';
import path from 'node:path';
import { realPathAsFar } from '../../paths/paths.ts';
import type { Project } from '../../model/category.ts';
import type { Finding } from '../../model/finding.ts';
import type { CheckResult } from '../../model/validate-report.ts';
import { untrackedInWorkTree } from '../../scan/git-facts.ts';

/** What git would do to the repository, if it could remove it. */
interface Cleanable {
  /** Absolute, real path. */
  readonly folder: string;
  readonly workTree: string;
  readonly ignored: boolean;
}

/**
 * Would `git clean -xfd` delete the backups? It removes everything untracked in the work tree, and `-x` also what is
 * ignored: that .gitignore names the folder (as init sees to) keeps backups out of commits, but does not protect them.
 */
async function cleanable(repository: string): Promise<Cleanable | undefined> {
  const folder = realPathAsFar(repository);
  let existing = folder;
  while (!fs.existsSync(existing) && path.dirname(existing) !== existing) existing = path.dirname(existing);
  const found = await untrackedInWorkTree(existing, folder);
  return found && { folder, ...found };
}

export async function checkGitClean(repository: string): Promise<CheckResult> {
  const found = await cleanable(repository);
  if (found === undefined) {
    return { id: 'git-clean', group: 'repository', status: 'ok', message: 'git clean would not remove the backups' };
  }
  return {
    id: 'git-clean',
    group: 'repository',
    status: 'warning',
    message: `git clean ${found.ignored ? '-xfd' : '-fd'} would remove the backups folder`,
    evidence: { ...found },
    recommendation:
      'Keep backups outside the work tree (MIGBACKUP_BACKUPS or --backups DIR), or export the ones that matter.',
  };
}

/**
 * The same, said where it matters: before a command runs that could do so, and where the place of the backups is chosen.
 * @param withPlace what to do with a folder outside of the work tree, relative to the project
 */
export async function gitCleanable(
  { root, repository }: Pick<Project, 'root' | 'repository'>,
  withPlace: (place: string) => string,
): Promise<Finding[]> {
  const found = await cleanable(repository);
  if (found === undefined) return [];
  const place = path.join(path.dirname(found.workTree), `${path.basename(root)}-backups`);
  const [clean, stash] = found.ignored ? ['-xfd', '-a'] : ['-fd', '-u'];
  return [
    {
      code: 'git-cleanable',
      severity: 'warning',
      message: `git does not track the backups: git clean ${clean} would delete them, and git stash ${stash} would take them away`,
      path: path.relative(root, found.folder),
      evidence: { ...found },
      recommendation: withPlace(path.relative(root, place).split(path.sep).join('/')),
    },
  ];
}
