import { escapeName } from '../../core/paths/names.ts';
import { shellLine } from '../../core/model/shell-quote.ts';
import type { Undone, UndoReport } from '../../core/model/undo-report.ts';
import { renderFindings } from './findings.ts';
import { formatDuration } from './format.ts';
import { plural } from '../../core/model/plural.ts';
import { renderPlan, renderPlanHash } from './plan.ts';
import { wrap, type Paint } from './style.ts';
import { pasteable } from '../pasteable.ts';

/** Names a few and counts the rest: JSON has them all. */
const NAMED = 5;

function some(paths: readonly string[], label: string): string[] {
  if (paths.length === 0) return [];
  const names = paths.slice(0, NAMED).map(escapeName).join(', ');
  const more = paths.length > NAMED ? `, and ${paths.length - NAMED} more (--json names them)` : '';
  return [wrap(`${names}${more}`, label, 4)];
}

const renderStay = ({ stay }: UndoReport): string[] => some(stay, '  changed since, so they stay: ');

/** Later changes, which are taken back together with a guarded command; shown before anything is done. */
export const renderSince = (since: readonly string[]): string[] =>
  some(since, '  changed since then, and taken back too: ');

/** What is taken back, and what the project is afterwards; shown before anything is done. */
export function describeUndone({ what, becomes, time }: Undone): string[] {
  return [
    wrap(`takes back ${escapeName(what)} (${escapeName(time)})`, '  ', 4),
    wrap(`afterwards the project is ${escapeName(becomes)}`, '  ', 4),
  ];
}

export function renderUndo(report: UndoReport, paint: Paint): string[] {
  const { what, becomes, id } = report.undone;
  const { outcome, plan: planned } = report;
  if (outcome === 'unchanged' || (outcome === 'planned' && planned?.nothingToDo === true)) {
    return [
      wrap(`the project already is ${escapeName(becomes)} (${escapeName(what)})`, `  ${paint.good('unchanged')}  `, 4),
      ...renderStay(report),
      ...(outcome === 'planned' ? ['  Nothing to take back.'] : []),
    ];
  }
  if (outcome === 'planned') {
    const plan = planned ? [...renderPlan(planned, paint), renderPlanHash(planned)] : [];
    return [
      ...describeUndone(report.undone),
      ...renderSince(report.since),
      ...plan,
      ...renderStay(report),
      '  Nothing was changed.',
      pasteable(`  Next: ${shellLine(['migbackup', 'undo', id])}`),
    ];
  }
  return [
    wrap(escapeName(what), `  ${paint.good('taken back')}  `, 14),
    wrap(`the project is ${escapeName(becomes)}`, '  ', 4),
    ...renderSince(report.since),
    `  ${plural(report.plan?.changes.length ?? 0, 'path')} changed in ${formatDuration(report.durationMs)}, checked`,
    ...renderStay(report),
    ...renderFindings(report.findings, paint),
    pasteable('  Take this back: migbackup undo'),
    ...(report.reportFile ? [`  Report: ${escapeName(report.reportFile)}`] : []),
    ...report.next.map((command) => `  Next: ${escapeName(command)}`),
  ];
}
