import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

export interface GitFacts {
  readonly commit: string;
  readonly branch?: string;
  /** Whether tracked files differ from the commit. */
  readonly dirty: boolean;
}

/**
 * Commit, branch and whether tracked files are changed, from one `git status`. Undefined outside a repository or without git. Never rejects. Git
 * writes nothing in the repository (no optional locks) and runs no hook of it (fsmonitor is off).
 */
export async function gitFacts(root: string): Promise<GitFacts | undefined> {
  if (!mayBeInRepository(root)) return undefined;
  const output = await git(root, ['status', '--porcelain=v2', '--branch', '--untracked-files=no']);
  if (output === undefined) return undefined;
  let commit: string | undefined;
  let branch: string | undefined;
  let dirty = false;
  for (const line of output.split('\n')) {
    if (line.startsWith('# branch.oid ')) commit = line.slice('# branch.oid '.length);
    else if (line.startsWith('# branch.head ')) branch = line.slice('# branch.head '.length);
    else if (line !== '' && !line.startsWith('#')) dirty = true;
  }
  if (commit === undefined || !/^[0-9a-f]{40,64}$/.test(commit)) return undefined;
  return branch === undefined || branch === '(detached)' ? { commit, dirty } : { commit, branch, dirty };
}

/** Looks for a repository as git does. That costs less than to start git only to learn that there is none. */
function mayBeInRepository(root: string): boolean {
  if (process.env['GIT_DIR'] !== undefined) return true;
  try {
    let folder = fs.realpathSync(root);
    while (!fs.existsSync(path.join(folder, '.git'))) {
      const parent = path.dirname(folder);
      if (parent === folder) return false;
      folder = parent;
    }
    return true;
  } catch {
    // If we cannot examine a folder, git cannot either.
    return false;
  }
}

/**
 * Set if `git clean -xfd` could remove `folder`: the folder is in a work tree whose root is `workTree`, and no file in it is tracked. Undefined
 * otherwise, and without git. `cwd` is the folder or its nearest existing parent.
 */
export async function untrackedInWorkTree(
  cwd: string,
  folder: string,
): Promise<{ readonly workTree: string; readonly ignored: boolean } | undefined> {
  const top = await git(cwd, ['rev-parse', '--show-toplevel']);
  if (top === undefined || top.trim() === '') return undefined;
  const tracked = await git(cwd, ['ls-files', '-z', '--', folder]);
  if (tracked !== '') return undefined;
  return { workTree: top.replace(/\n$/, ''), ignored: await isIgnoredByGit(cwd, folder) };
}

/** Whether any rule makes git ignore `folder`, which need not exist. False without git or outside a work tree. */
export async function isIgnoredByGit(cwd: string, folder: string): Promise<boolean> {
  return (await git(cwd, ['check-ignore', '--', `${folder}/`])) !== undefined;
}

/** What git prints. Undefined if git fails, is missing or takes too long. */
async function git(cwd: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('git', ['-c', 'core.fsmonitor=false', ...args], {
      cwd,
      timeout: 10_000,
      maxBuffer: 64 << 20,
      env: { ...process.env, GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C' },
    });
    return stdout;
  } catch {
    return undefined;
  }
}
