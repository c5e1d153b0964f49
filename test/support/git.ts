import { execFileSync } from 'node:child_process';

const WHO = ['-c', 'user.name=tester', '-c', 'user.email=tester@example.org', '-c', 'commit.gpgsign=false'];

/** Runs git with an author of its own. */
export function git(cwd: string, ...args: string[]): void {
  execFileSync('git', [...WHO, ...args], { cwd, stdio: 'ignore' });
}

/** Commits all of a project and pushes it to a bare repository that is made at `remote`. */
export function pushAll(root: string, remote: string): void {
  git(root, 'init', '--bare', remote);
  git(root, 'init');
  git(root, 'remote', 'add', 'origin', remote);
  git(root, 'add', '.');
  git(root, 'commit', '-m', 'all');
  git(root, 'push', 'origin', 'HEAD');
  git(root, 'fetch', 'origin');
}
