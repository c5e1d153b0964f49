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
  const recipients = report.encryption?.recipients ?? [];
  const key = recipients.some((recipient) => recipient !== 'passphrase') ? ['--identity', 'KEY-FILE'] : [];
  const line = ['migbackup', 'verify', escapeName(report.output), ...key];
  const next = report.output === '-' ? [] : [pasteable(`  Next: ${shellLine(line)}`)];
  return [
    `  ${paint.good('exported')}  ${report.backupId}`,
    ...(report.partOf === null ? [] : [`  a part: ${report.selection.map(escapeName).join(', ')} of ${report.partOf}`]),
    `  ${figures}, ${checked}`,
    `  to      ${where}`,
    ...recipients.map((recipient, at) => `  ${at === 0 ? 'for   ' : '      '}  ${recipient}`),
    `  sha256  ${report.sha256}`,
    ...renderFindings(report.findings, paint),
    ...next,
  ];
}
