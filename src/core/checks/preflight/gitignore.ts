import fs from 'node:fs';
import path from 'node:path';
import { foldersToIgnore } from '../../config/setup/gitignore.ts';
import { readExisting } from '../../config/setup/text-file.ts';
import type { Project } from '../../model/category.ts';
import type { CheckResult } from '../../model/validate-report.ts';
import { isIgnoredByGit } from '../../scan/git-facts.ts';

/** Git ignores what `init` makes it ignore: a backup holds configs, and must not end up in a commit by accident. */
export async function checkGitignore({ root, repository }: Project): Promise<CheckResult> {
  const about = { id: 'gitignore', group: 'configuration' } as const;
  if (!inWorkTree(root)) return { ...about, status: 'ok', message: 'no git work tree here, so nothing to ignore' };
  const file = readExisting(path.join(root, '.gitignore'));
  if (file.state === 'unusable') {
    const recommendation = 'Correct it, then run migbackup init.';
    return { ...about, status: 'warning', message: `.gitignore ${file.why}`, paths: ['.gitignore'], recommendation };
  }
  const missing: string[] = [];
  // A rule of a folder above, or of the user, does as well.
  for (const folder of foldersToIgnore(file.state === 'text' ? file.text : '', root, repository).added)
    if (!(await isIgnoredByGit(root, path.join(root, folder)))) missing.push(folder);
  if (missing.length === 0) return { ...about, status: 'ok', message: 'git ignores the folders of migbackup' };
  return {
    ...about,
    status: 'warning',
    message: `.gitignore does not name ${missing.join(' and ')}`,
    evidence: { missing },
    recommendation: 'migbackup init adds it, so that no backup ends up in a commit.',
  };
}

function inWorkTree(root: string): boolean {
  for (let folder = root; ; folder = path.dirname(folder)) {
    if (fs.existsSync(path.join(folder, '.git'))) return true;
    if (path.dirname(folder) === folder) return false;
  }
}
