import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface GitFacts {
  readonly commit: string;
  readonly branch?: string;
  /** Tracked files differ from the commit. */
  readonly dirty: boolean;
}

/**
 * Commit, branch and whether tracked files are changed, by one `git status`; undefined outside a repository or
 * without git. Nothing in the repository is written (no optional locks) and no hook of it is run (fsmonitor off).
 */
export async function gitFacts(root: string): Promise<GitFacts | undefined> {
  const args = ['-c', 'core.fsmonitor=false', 'status', '--porcelain=v2', '--branch', '--untracked-files=no'];
  let output: string;
  try {
    const result = await run('git', args, {
      cwd: root,
      timeout: 10_000,
      maxBuffer: 64 << 20,
      env: { ...process.env, GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C' },
    });
    output = result.stdout;
  } catch {
    return undefined;
  }
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
