import { z } from 'zod';
import { escapeName } from '../core/fs/names.ts';
import { findingsSchema } from '../core/model/report.ts';
import { printErr } from './output.ts';

const LEVELS = { error: 'error', critical: 'error', warning: 'warning' } as const;

/** What reports hold that a pipeline's page should show: findings, or the checks of `validate`. */
const reportSchema = z.object({
  findings: findingsSchema.default([]),
  checks: z.array(z.object({ id: z.string(), status: z.string(), message: z.string() })).default([]),
});

/** Whether GitHub Actions reads what we print. */
function inGitHubActions(env: NodeJS.ProcessEnv = process.env): boolean {
  return env['GITHUB_ACTIONS'] === 'true';
}

/**
 * Shows the errors and warnings of a report as annotations where GitHub Actions runs us. They go to stderr, which it reads too:
 * stdout stays the result alone.
 */
export function annotate(report: unknown): void {
  if (!inGitHubActions()) return;
  const parsed = reportSchema.safeParse(report);
  if (!parsed.success) return;
  const { findings, checks } = parsed.data;
  for (const { severity, code, message } of findings) printAnnotation(severity, code, message);
  for (const { status, id, message } of checks) printAnnotation(status, id, message);
}

/** The same for an error that ended the command. */
export function annotateError(code: string, message: string): void {
  if (inGitHubActions()) printAnnotation('error', code, message);
}

/** https://docs.github.com/actions/reference/workflow-commands-for-github-actions */
function printAnnotation(severity: string, title: string, message: string): void {
  const level = Object.entries(LEVELS).find(([name]) => name === severity)?.[1];
  if (level === undefined) return;
  const data = escapeName(message).replaceAll('%', '%25');
  const property = escapeName(title).replaceAll('%', '%25').replaceAll(':', '%3A').replaceAll(',', '%2C');
  printErr(`::${level} title=migbackup ${property}::${data}`);
}
