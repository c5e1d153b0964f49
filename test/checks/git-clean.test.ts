import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { checkGitClean } from '../../src/core/checks/preflight/repository.ts';
import { put } from '../support/files.ts';
import { tempFolder } from '../support/temp-folder.ts';

function git(cwd: string, ...args: string[]): void {
  execFileSync('git', args, { cwd, stdio: 'ignore' });
}

test.each([
  { ignore: 'backups/\n', ignored: true, flags: '-xfd', status: 'info' },
  { ignore: '', ignored: false, flags: '-fd', status: 'warning' },
])(
  'a repository in a work tree is at risk, and git agrees (ignored: $ignored)',
  async ({ ignore, ignored, flags, status }) => {
    using folder = tempFolder();
    git(folder.path, 'init');
    put(folder.path, '.gitignore', ignore);
    const repository = path.join(folder.path, 'backups');
    expect(await checkGitClean(repository)).toMatchObject({ status, evidence: { ignored } });
    put(folder.path, 'backups/x/a.txt', 'a');
    const found = await checkGitClean(repository);
    expect(found).toMatchObject({ id: 'git-clean', status, evidence: { ignored } });
    expect(found.message).toContain(`git clean ${flags} `);
    expect(found.recommendation).toContain('MIGBACKUP_BACKUPS');
    git(folder.path, 'clean', flags);
    expect(fs.existsSync(repository)).toBe(false);
  },
);

test('it is silent outside a work tree, also when the project is in one, and where files are tracked', async () => {
  using folder = tempFolder();
  const project = path.join(folder.path, 'project');
  put(project, 'backups/a.txt', 'a');
  git(project, 'init');
  expect(await checkGitClean(path.join(folder.path, 'elsewhere'))).toMatchObject({ status: 'ok' });
  git(project, 'add', 'backups/a.txt');
  expect(await checkGitClean(path.join(project, 'backups'))).toMatchObject({ status: 'ok' });
});
