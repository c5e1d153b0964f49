import { escapeName } from '../../core/paths/names.ts';
import type { InitReport } from '../../core/model/init-report.ts';
import { renderFindings } from './findings.ts';
import type { Paint } from './style.ts';
import { pasteable } from '../pasteable.ts';

export function renderInit(report: InitReport, paint: Paint): string[] {
  const covered = report.sources.filter((source) => source.exists);
  const lines = [report.status === 'unchanged' ? `  ${paint.good('unchanged')}  everything is set up already` : ''];
  for (const change of report.changes) {
    const verb = report.dryRun ? `would ${change.action}` : change.action === 'create' ? 'created' : 'edited';
    lines.push(
      `  ${paint.good(verb)}  ${escapeName(change.file)}`,
      ...change.adds.map((item) => `    + ${escapeName(item)}`),
    );
  }
  lines.push('  covered');
  lines.push(...covered.map(({ category, source, path }) => `    ${category}/${source}  ${escapeName(path)}`));
  lines.push(...renderFindings(report.findings, paint));
  lines.push(pasteable(report.dryRun ? '  Nothing was changed. Next: migbackup init' : '  Next: migbackup validate'));
  return lines.filter((line) => line !== '');
}
