import { z } from '../core/model/zod.ts';
import { findingsSchema } from '../core/model/report.ts';
import { printAnnotation } from './print-annotation.ts';

/** What reports hold that a pipeline's page should show: findings, or the checks of `validate`. */
const shownSchema = z.object({
  findings: findingsSchema.default([]),
  checks: z.array(z.object({ id: z.string(), status: z.string(), message: z.string() })).default([]),
});
/** `verify --all` answers with one report for each backup. */
const reportSchema = shownSchema.extend({ reports: z.array(shownSchema).default([]) });

/**
 * Shows the errors and warnings of a report as annotations of GitHub Actions. They go to stderr, which GitHub reads
 * too, so that stdout holds the result alone.
 */
export function annotate(report: unknown): void {
  const parsed = reportSchema.safeParse(report);
  if (!parsed.success) return;
  for (const { findings, checks } of [parsed.data, ...parsed.data.reports]) {
    for (const { severity, code, message } of findings) printAnnotation(severity, code, message);
    for (const { status, id, message } of checks) printAnnotation(status, id, message);
  }
}
