import { COMMIT_NAMESPACE } from '../format/layout.ts';
import type { Finding } from '../model/finding.ts';
import { judgeText, type TrustedSigner } from './judge-signature.ts';
import type { SignerRule } from './signer-rule.ts';

/** The commit of a copy, as far as its signatures go. */
export interface SignedCommit {
  readonly id: string;
  readonly place: string;
  /** Absent if nobody signed it. */
  readonly signed?: { readonly text: string; readonly signatures: readonly string[] };
}

/**
 * Who signed the statement of a commit. Null if nobody who may be trusted did; a finding if there is a signature that does not fit it. Throws USAGE for
 * an allowed-signers file that cannot be read.
 */
export function judgeCommit(
  { id, place, signed }: SignedCommit,
  rule: SignerRule,
  now: Date,
): TrustedSigner | Finding | null {
  if (signed === undefined) return null;
  const message = Buffer.from(signed.text);
  const about = { of: `the commit of ${id}`, namespace: COMMIT_NAMESPACE, path: place, message };
  const judged = signed.signatures.map((text) => judgeText({ ...about, text }, rule, now));
  const trusted = judged.find((one) => !('code' in one));
  if (trusted !== undefined) return trusted;
  return judged.find((one) => 'code' in one && DOES_NOT_FIT.has(one.code)) ?? null;
}

const DOES_NOT_FIT: ReadonlySet<string> = new Set([
  'signature-invalid',
  'signature-namespace',
] satisfies Finding['code'][]);
