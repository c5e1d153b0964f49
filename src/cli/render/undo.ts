import { escapeName } from '../../core/paths/names.ts';
import type { UndoReport } from '../../core/model/undo-report.ts';
import { renderFindings } from './findings.ts';
import { formatDuration, plural } from './format.ts';
import { renderPlan } from './plan.ts';
import { wrap, type Paint } from './style.ts';
import { pasteable } from '../pasteable.ts';

/** Names a few and counts the rest: JSON has them all. */
const NAMED = 5;

function renderStay({ stay }: UndoReport): string[] {
  if (stay.length === 0) return [];
  const names = stay.slice(0, NAMED).map(escapeName).join(', ');
  const more = stay.length > NAMED ? `, and ${stay.length - NAMED} more (--json names them)` : '';
  return [wrap(`${names}${more}`, '  changed since, so they stay: ', 4)];
}

export function renderUndo(report: UndoReport, paint: Paint): string[] {
  const what = `${report.undone.operation} of ${report.undone.backupId}`;
  if (report.outcome === 'unchanged') {
    return [`  ${paint.good('unchanged')}  the project already is as it was before the ${what}`, ...renderStay(report)];
  }
  if (report.outcome === 'planned') {
    const plan = report.plan ? renderPlan(report.plan, paint) : [];
    return [
      `  takes back the ${what}`,
      ...plan,
      ...renderStay(report),
      '  Nothing was changed.',
      pasteable('  Next: migbackup undo'),
    ];
  }
  return [
    `  ${paint.good('taken back')}  the ${what}`,
    `  ${plural(report.plan?.changes.length ?? 0, 'path')} changed in ${formatDuration(report.durationMs)}, checked`,
    ...renderStay(report),
    ...renderFindings(report.findings, paint),
    pasteable('  Take this back: migbackup undo'),
    ...(report.reportFile ? [`  Report: ${escapeName(report.reportFile)}`] : []),
    ...report.next.map((command) => `  Next: ${escapeName(command)}`),
  ];
}
