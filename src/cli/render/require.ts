import type { RequireReport } from '../../core/model/require-report.ts';
import { escapeName } from '../../core/paths/names.ts';
import { pasteable } from '../pasteable.ts';
import { renderFindings } from './findings.ts';
import { formatText } from './format.ts';
import { wrap, type Paint } from './style.ts';

/** A line for each demand, and what follows. */
export function renderRequire(report: RequireReport, paint: Paint): string[] {
  const { met, demands, because, result, findings } = report;
  const lines = demands.map((one) =>
    wrap(`${one.demand}: ${escapeName(one.evidence)}`, `  ${one.met ? paint.good('met') : paint.bad('not met')}  `, 6),
  );
  if (result !== null) return [...renderFindings(findings, paint)];
  const next = demands.some(({ demand, met: isMet }) => demand === 'copies' && !isMet) ? 'push' : 'create';
  return [
    ...lines,
    ...renderFindings(findings, paint),
    met
      ? `  ${paint.good('met')}  every demand`
      : because === null
        ? `  ${paint.bad('refused')}  nothing was run`
        : wrap(`not met, but passed: ${formatText(because)}`, '  ', 4),
    ...(met ? [] : [pasteable(`  Next: migbackup ${next}`)]),
  ];
}
