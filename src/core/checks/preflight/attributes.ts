import type { CheckResult } from '../../model/validate-report.ts';
import { attributesNotKept, type Attributes } from '../../scan/attributes.ts';

/** What files have that no backup keeps, and what of it nobody could look for. */
export function checkAttributes({ found, notLookedAt }: Pick<Attributes, 'found' | 'notLookedAt'>): CheckResult {
  const [lost] = attributesNotKept(found);
  const unknown = notLookedAt.length === 0 ? '' : ` (not looked at, for want of a tool: ${notLookedAt.join(', ')})`;
  const message = lost?.message ?? 'no file has ACLs, extended attributes, flags or hard links';
  return {
    id: 'attributes',
    group: 'inventory',
    status: lost === undefined ? 'ok' : 'info',
    message: `${message}${unknown}`,
    evidence: { ...lost?.evidence, notLookedAt: [...notLookedAt] },
    ...(lost?.affects === undefined ? {} : { paths: lost.affects }),
    ...(lost?.recommendation === undefined ? {} : { recommendation: lost.recommendation }),
  };
}
