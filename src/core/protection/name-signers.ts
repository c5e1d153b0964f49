import { BackupError, errnoOf } from '../model/backup-error.ts';
import type { Context } from '../model/event.ts';
import type { Finding } from '../model/finding.ts';
import { readAllowedSigners } from './allowed-signers.ts';
import { judgeCommit, type SignedCommit } from './judge-commit.ts';
import { judgeSignature, type SignedBackup, type TrustedSigner } from './judge-signature.ts';

/** Says who signed, where nothing depends on it. Null: nobody whom the allowed-signers file names. */
export interface SignerNames {
  ofBackup(backup: SignedBackup): TrustedSigner | null;
  ofCommit(commit: SignedCommit): TrustedSigner | null;
}

/** Undefined if there is no allowed-signers file, or it cannot be used; a note says so then. */
export function nameSigners(file: string | undefined, { now, onEvent }: Context): SignerNames | undefined {
  if (file === undefined) return undefined;
  try {
    const rule = { file, required: true, allowed: readAllowedSigners(file) } as const;
    const at = (now ?? (() => new Date()))();
    return {
      ofBackup: (backup) => named(() => judgeSignature(backup, rule, at)),
      ofCommit: (commit) => named(() => judgeCommit(commit, rule, at)),
    };
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    onEvent?.({ type: 'note', message: `it is not said who signed: ${error.message}` });
    return undefined;
  }
}

function named(judge: () => { readonly signer: TrustedSigner } | TrustedSigner | Finding | null): TrustedSigner | null {
  try {
    const judged = judge();
    if (judged === null || 'code' in judged) return null;
    return 'signer' in judged ? judged.signer : judged;
  } catch (error) {
    // What this user may not read names nobody.
    if (errnoOf(error) === undefined) throw error;
    return null;
  }
}
