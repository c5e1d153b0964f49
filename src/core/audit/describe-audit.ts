import type { Audit } from './audit.ts';

/** What an audit says, as the report says it. */
export function describeAudit(id: string, folder: string, audit: Audit) {
  const { status, scope, totals, categories, findings, recommendations } = audit;
  const facts = { status, scope, totals, categories, findings, recommendations };
  return { operation: 'verify', backupId: id, folder, ...facts } as const;
}
