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

/** Where else the content of a file is, as far as git knows. */
export type GitState =
  /** It is in a commit that a branch of a remote has, as this clone last saw it. */
  | 'pushed'
  /** It is in a commit that no remote has. */
  | 'unpushed'
  /** It is tracked, but differs from the last commit, or git cannot tell. */
  | 'changed'
  | 'untracked'
  /** Git is told to ignore it. */
  | 'ignored';

export interface GitStates {
  /** @param path project-relative; `ignored` is not told apart from `untracked` */
  stateOf(path: string): GitState;
}

/**
 * What git knows about the files of a project. Undefined outside a work tree, and without git. Files that a filter changes on their way into a commit
 * (Git LFS), those whose changes git is told to overlook and those of submodules count as changed: no commit here shows that it has their content. Never
 * rejects.
 */
export async function gitStates(root: string): Promise<GitStates | undefined> {
  if (!mayBeInRepository(root)) return undefined;
  const [tracked, same, changed, unpushed] = await Promise.all([
    git(root, ['ls-files', '-z', '--recurse-submodules']),
    git(root, ['ls-files', '-z', '-v', '--', ':(attr:!filter)']),
    git(root, [
      'diff',
      '--name-only',
      '-z',
      '--relative',
      '--no-ext-diff',
      '--no-renames',
      '--ignore-submodules=all',
      'HEAD',
    ]),
    unpushedPaths(root),
  ]);
  if (tracked === undefined) return undefined;
  const seen = new Set(tracked.split('\0'));
  // H: git compares it with the commit. Any other letter says that it does not.
  const compared = new Set((same ?? '').split('\0').flatMap((line) => (line.startsWith('H ') ? line.slice(2) : [])));
  const differs = changed === undefined ? null : new Set(changed.split('\0'));
  return {
    stateOf(path) {
      if (!seen.has(path)) return 'untracked';
      if (differs === null || differs.has(path) || !compared.has(path)) return 'changed';
      return unpushed === null || unpushed.has(path) ? 'unpushed' : 'pushed';
    },
  };
}

/** The paths that commits change which no remote has; null if there is no remote, or if that cannot be found out. */
async function unpushedPaths(root: string): Promise<ReadonlySet<string> | null> {
  const remotes = await git(root, ['for-each-ref', '--count=1', 'refs/remotes']);
  if (remotes === undefined || remotes === '') return null;
  const args = [
    '-c',
    'log.showRoot=true',
    'log',
    '-m',
    '--format=',
    '--name-only',
    '-z',
    '--relative',
    '--no-renames',
    'HEAD',
    '--not',
    '--remotes',
  ];
  const paths = await git(root, args);
  return paths === undefined ? null : new Set(paths.split('\0'));
}

/** Those of these project-relative paths that git is told to ignore. */
export async function ignoredByGit(root: string, paths: readonly string[]): Promise<Set<string>> {
  if (paths.length === 0) return new Set();
  const output = await git(root, ['check-ignore', '-z', '--stdin'], paths.join('\0'));
  return new Set((output ?? '').split('\0').filter((line) => line !== ''));
}

/** What git prints. Undefined if git fails, is missing or takes too long. */
async function git(cwd: string, args: readonly string[], input?: string): Promise<string | undefined> {
  try {
    const running = promisify(execFile)('git', ['-c', 'core.fsmonitor=false', ...args], {
      cwd,
      timeout: 10_000,
      maxBuffer: 64 << 20,
      env: { ...process.env, GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C' },
    });
    if (input !== undefined) {
      // Git may end before it has read everything. Then its exit code says so.
      running.child.stdin?.on('error', () => {});
      running.child.stdin?.end(input);
    }
    return (await running).stdout;
  } catch {
    return undefined;
  }
}
