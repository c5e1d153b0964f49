import { escapeName } from '../../core/paths/names.ts';
import type { ExportReport } from '../../core/model/export-report.ts';
import { shellLine } from '../../core/model/shell-quote.ts';
import { renderFindings } from './findings.ts';
import { formatBytes, formatDuration } from './format.ts';
import { plural } from '../../core/model/plural.ts';
import type { Paint } from './style.ts';
import { pasteable } from '../pasteable.ts';

export function renderExport(report: ExportReport, paint: Paint): string[] {
  const figures = `${plural(report.artifacts, 'artifact')}, ${formatBytes(report.bytes)} in ${formatDuration(report.durationMs)}`;
  const checked = report.checked === 'read-back' ? 'read back and checked' : 'checked while it was streamed';
  const where = report.output === '-' ? 'stdout' : escapeName(report.output);
  const next =
    report.output === '-'
      ? []
      : [pasteable(`  Next: ${shellLine(['migbackup', 'verify', escapeName(report.output)])}`)];
  return [
    `  ${paint.good('exported')}  ${report.backupId}`,
    ...(report.partOf === null ? [] : [`  a part: ${report.selection.map(escapeName).join(', ')} of ${report.partOf}`]),
    `  ${figures}, ${checked}`,
    `  to      ${where}`,
    `  sha256  ${report.sha256}`,
    ...renderFindings(report.findings, paint),
    ...next,
  ];
}
