import { escapeName } from '../core/paths/names.ts';
import { printErr } from './output.ts';

const LEVELS = { error: 'error', critical: 'error', warning: 'warning' } as const;

/** Whether GitHub Actions reads what we print. */
export function inGitHubActions(env: NodeJS.ProcessEnv = process.env): boolean {
  return env['GITHUB_ACTIONS'] === 'true';
}

/** https://docs.github.com/actions/reference/workflow-commands-for-github-actions */
export function printAnnotation(severity: string, title: string, message: string): void {
  const level = Object.entries(LEVELS).find(([name]) => name === severity)?.[1];
  if (level === undefined) return;
  const data = escapeName(message).replaceAll('%', '%25');
  const property = escapeName(title).replaceAll('%', '%25').replaceAll(':', '%3A').replaceAll(',', '%2C');
  printErr(`::${level} title=migbackup ${property}::${data}`);
}

/** Shows an error that ended the command as an annotation where GitHub Actions runs us. */
export function annotateError(code: string, message: string): void {
  if (inGitHubActions()) printAnnotation('error', code, message);
}
