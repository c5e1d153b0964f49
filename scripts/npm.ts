import { execFileSync } from 'node:child_process';

const windows = process.platform === 'win32';

/** Runs npm in a folder and returns its stdout. If it fails, throws an error with its stderr. */
export function npm(cwd: string, ...args: string[]): string {
  return execFileSync(windows ? 'npm.cmd' : 'npm', args, { cwd, encoding: 'utf8', stdio: 'pipe', shell: windows });
}
