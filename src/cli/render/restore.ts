import { escapeName } from '../../core/paths/names.ts';
import type { RestoreReport } from '../../core/model/restore-report.ts';
import { renderFindings } from './findings.ts';
import { formatBytes, formatDuration } from './format.ts';
import { plural } from '../../core/model/plural.ts';
import { renderKept, renderPlan, renderPlanHash } from './plan.ts';
import { wrap, type Paint } from './style.ts';
import { pathWord, shellLine } from '../../core/model/shell-quote.ts';
import { pasteable } from '../pasteable.ts';

/** @param ending the sentence that says there is nothing to do */
function renderUnchanged({ plan, target, selection, backupId }: RestoreReport, paint: Paint, ending: string): string[] {
  const older = plan?.olderThatDiffer ?? [];
  const [newest] = older;
  const what = selection.length === 0 ? `what ${backupId} holds` : `what --only selects of ${backupId}`;
  const same = [
    wrap(`${escapeName(target)} already has ${what}`, `  ${paint.good('unchanged')}  `, 4),
    ...(plan ? renderKept(plan) : []),
    `  ${ending}`,
  ];
  if (newest === undefined) return same;
  const next = shellLine(['migbackup', 'restore', newest, ...selection.flatMap((each) => ['--only', pathWord(each)])]);
  const differs = selection.length === 0 ? 'older backups that differ:' : 'older backups that differ in this part:';
  return [...same, `  ${differs}`, ...older.map((id) => `    ${id}`), pasteable(`  Next: ${next}`)];
}

function renderPlanned(report: RestoreReport, paint: Paint, line: string): string[] {
  const { plan } = report;
  if (plan === null) return [];
  if (plan.nothingToDo) return renderUnchanged(report, paint, 'Nothing to restore.');
  return [...renderPlan(plan, paint), renderPlanHash(plan), '  Nothing was changed.', pasteable(`  Next: ${line}`)];
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

/** @param line the command that does what the plan shows */
export function renderRestore(
  report: RestoreReport,
  paint: Paint,
  line = `migbackup restore ${report.backupId}`,
): string[] {
  if (report.outcome === 'unchanged') return renderUnchanged(report, paint, 'Nothing to do.');
  if (report.outcome === 'planned') return renderPlanned(report, paint, line);
  return renderRestored(report, paint);
}
