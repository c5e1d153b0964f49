import type { PullReport } from '../../core/model/pull-report.ts';
import { escapeName } from '../../core/paths/names.ts';
import { pasteable } from '../pasteable.ts';
import { renderFindings } from './findings.ts';
import { formatBytes, formatDuration } from './format.ts';
import { wrap, type Paint } from './style.ts';

export function renderPull(report: PullReport, paint: Paint): string[] {
  const { backupId, outcome, bytes, durationMs, completeness, folder, place } = report;
  const what = outcome === 'pulled' ? paint.good('pulled') : 'was here';
  return [
    `  ${what}  ${backupId}  ${formatBytes(bytes)}, ${completeness}, in ${formatDuration(durationMs)}`,
    wrap(escapeName(place), '  from  ', 8),
    wrap(escapeName(folder), '  to    ', 8),
    ...renderFindings(report.findings, paint),
    pasteable(`  Next: migbackup verify ${backupId}`),
  ];
}
