import { statusOf } from '../../audit/status.ts';
import type { Finding } from '../../model/finding.ts';
import type { VerifyReport } from '../../model/verify-report.ts';
import type { Judged } from '../../protection/judge-signature.ts';

type Found = Pick<VerifyReport, 'status' | 'backupStatus' | 'findings' | 'recommendations'>;

/** What was found out about a backup, and beside it who signed it, if that was asked. */
export function withSigner<Report extends Found>(
  found: Report,
  judged: Judged | Finding | null,
): Report & Pick<VerifyReport, 'signer' | 'backupStatus'> {
  if (judged === null) return found;
  const by = { ...found, backupStatus: found.backupStatus ?? found.status };
  if ('signer' in judged) return { ...by, signer: judged.signer };
  const findings = [...found.findings, judged];
  const recommendations = [...new Set([...found.recommendations, judged.recommendation ?? ''])];
  return { ...by, signer: null, status: statusOf(findings), findings, recommendations };
}
