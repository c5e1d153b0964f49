import { lstatOrNull } from '../../fs/durable.ts';
import type { CheckResult, ValidateReport } from '../../model/validate-report.ts';
import { writeReport } from '../../repository/reports.ts';

type Unfiled = Omit<ValidateReport, 'status' | 'recommendations' | 'reportFile'>;

/** Judges the checks and keeps the report in the repository. One that cannot be written is a warning; before the first backup there is no repository. */
export function fileReport(repository: string, report: Unfiled): ValidateReport {
  const about = { id: 'report', group: 'repository' } as const;
  if (lstatOrNull(repository)?.isDirectory() !== true)
    return judged(report, { ...about, status: 'ok', message: 'no report is kept: there is no backups folder yet' });
  const good = judged(report, { ...about, status: 'ok', message: 'this report is kept' });
  const { file, finding } = writeReport(repository, 'project', 'validate', good);
  if (finding === undefined) return { ...good, reportFile: file };
  return judged(report, {
    ...about,
    status: 'warning',
    message: finding.message,
    ...(finding.path === undefined ? {} : { paths: [finding.path] }),
    recommendation: 'Make the reports folder writable: reports are the evidence that a backup can be relied on.',
  });
}

function judged(report: Unfiled, last: CheckResult): ValidateReport {
  const checks = [...report.checks, last];
  const advice = checks.flatMap(({ status, recommendation }) => (status === 'ok' ? [] : (recommendation ?? [])));
  return { ...report, checks, status: statusOf(checks), recommendations: [...new Set(advice)], reportFile: null };
}

function statusOf(checks: readonly CheckResult[]): ValidateReport['status'] {
  if (checks.some(({ status }) => status === 'critical')) return 'CRITICAL';
  return checks.some(({ status }) => status === 'warning') ? 'WARNING' : 'HEALTHY';
}
