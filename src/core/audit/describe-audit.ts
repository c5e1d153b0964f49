import type { Audit } from './audit.ts';

/** What an audit says, as the report says it. */
export function describeAudit(id: string, folder: string, audit: Audit) {
  const { status, scope, figures, categories, findings, recommendations } = audit;
  const facts = { status, scope, figures, categories, findings, recommendations };
  return { operation: 'verify', backupId: id, folder, ...facts } as const;
}
