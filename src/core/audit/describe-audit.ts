import type { Audit } from './audit.ts';

/** The result of an audit, in the shape of the report. */
export function describeAudit(id: string, folder: string, audit: Audit) {
  const { status, scope, totals, categories, findings, recommendations } = audit;
  const facts = { status, scope, totals, categories, findings, recommendations };
  return { operation: 'verify', backupId: id, folder, ...facts } as const;
}
