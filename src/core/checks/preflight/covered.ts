import type { Finding } from '../../model/finding.ts';
import type { CheckResult } from '../../model/validate-report.ts';

/** State that is in no category: one result each, or that there is none. */
export function checkCovered(gaps: readonly Finding[]): CheckResult[] {
  const about = { id: 'coverage', group: 'coverage' } as const;
  if (gaps.length === 0) return [{ ...about, status: 'ok', message: 'all that looks like state is in a category' }];
  return gaps.map(({ message, evidence = {}, affects = [], recommendation }) => ({
    ...about,
    status: 'warning',
    message,
    evidence,
    paths: affects,
    ...(recommendation === undefined ? {} : { recommendation }),
  }));
}
