import { escapeName } from '../../core/paths/names.ts';
import type { RestoreReport } from '../../core/model/restore-report.ts';
import { renderFindings } from './findings.ts';
import { formatBytes, formatDuration, plural } from './format.ts';
import { renderKept, renderPlan } from './plan.ts';
import type { Paint } from './style.ts';
import { pasteable } from '../pasteable.ts';

function renderUnchanged(report: RestoreReport, paint: Paint): string[] {
  const older = report.plan?.olderThatDiffer ?? [];
  const what =
    report.selection.length === 0 ? `what ${report.backupId} holds` : `what --only selects of ${report.backupId}`;
  return [
    `  ${paint.good('unchanged')}  ${escapeName(report.target)} already has ${what}`,
    ...(report.plan ? renderKept(report.plan) : []),
    ...(older.length > 0 ? ['  older backups that differ:', ...older.map((id) => `    ${id}`)] : []),
    older.length > 0 ? pasteable(`  Next: migbackup restore ${older[0]}`) : '  Nothing to do.',
  ];
}

function renderPlanned(report: RestoreReport, paint: Paint, line: string): string[] {
  const plan = report.plan ? renderPlan(report.plan, paint) : [];
  return [...plan, '  Nothing was changed.', pasteable(`  Next: ${line}`)];
}

function renderRestored(report: RestoreReport, paint: Paint): string[] {
  const { files, bytes } = report.restored;
  const checked = report.checked ? ', checked' : '';
  const removed = Object.values(report.plan?.categories ?? {}).reduce((sum, { remove }) => sum + remove.files, 0);
  const lines = [
    `  ${paint.good('restored')}  ${plural(files, 'file')}, ${formatBytes(bytes)} in ${formatDuration(report.durationMs)}${checked}`,
    `  from  ${report.backupId}`,
    `  into  ${escapeName(report.target)}`,
    ...(removed > 0 ? [`  removed  ${plural(removed, 'file')} that the backup does not have`] : []),
    ...(report.plan ? renderKept(report.plan) : []),
    ...renderFindings(report.findings, paint),
  ];
  if (report.safetyBackup) lines.push(pasteable('  Take it back: migbackup undo'));
  if (report.reportFile) lines.push(`  Report: ${escapeName(report.reportFile)}`);
  return [...lines, ...report.next.map((command) => `  Next: ${escapeName(command)}`)];
}

/** `line` does what a plan shows. */
export function renderRestore(
  report: RestoreReport,
  paint: Paint,
  line = `migbackup restore ${report.backupId}`,
): string[] {
  if (report.outcome === 'unchanged') return renderUnchanged(report, paint);
  if (report.outcome === 'planned') return renderPlanned(report, paint, line);
  return renderRestored(report, paint);
}
