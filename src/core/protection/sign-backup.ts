import { hash } from 'node:crypto';
import { NAMESPACE } from '../format/layout.ts';
import { lstatOrNull, writeFileDurable } from '../fs/durable.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Finding } from '../model/finding.ts';
import { shellLine } from '../model/shell-quote.ts';
import type { Signature } from '../model/sign-report.ts';
import { signatureFile, signedList, type SignedBackup } from './judge-signature.ts';
import { fingerprintOf } from './public-key.ts';
import { signMessage } from './sign.ts';
import { parseSshsig } from './sshsig.ts';

/** Throws TARGET_NOT_EMPTY if a backup has a signature already. */
export function requireUnsigned(backup: SignedBackup): void {
  const file = signatureFile(backup);
  if (lstatOrNull(file) === null) return;
  throw new BackupError('TARGET_NOT_EMPTY', `${backup.id} has a signature already`, {
    hint: 'Move that file away first, if another key is to sign.',
    path: file,
  });
}

/** Signs a list of artifacts, and writes the signature beside the backup. Throws KEY_UNUSABLE. */
export async function signList(backup: SignedBackup, list: Buffer, key: string): Promise<Signature> {
  const text = await signMessage(key, list, NAMESPACE);
  const file = signatureFile(backup);
  writeFileDurable(file, text);
  return { file, fingerprint: fingerprintOf(parseSshsig(text).key) };
}

/** A backup that was just taken and proven. */
interface Taken {
  readonly backupId: string;
  readonly folder: string;
  /** SHA-256 of the list that was proven. */
  readonly artifactsSha256: string;
}

/** Signs a backup that was just taken and proven, and nothing that has come in its place. Throws KEY_UNUSABLE and BACKUP_DAMAGED. */
export async function signTaken({ backupId: id, folder, artifactsSha256 }: Taken, key: string): Promise<Signature> {
  const list = signedList(folder);
  if (hash('sha256', list) === artifactsSha256) return signList({ id, folder }, list, key);
  throw new BackupError('BACKUP_DAMAGED', `${id} was changed after it was proven, and was not signed`, {
    hint: 'Find out who changed it, and take another backup.',
    path: folder,
  });
}

/** The same where the backup is worth something without a signature too: a finding says why it has none. */
export async function trySigning(taken: Taken, key: string): Promise<Signature | Finding> {
  try {
    return await signTaken(taken, key);
  } catch (error) {
    if (!(error instanceof BackupError) || error.code === 'INTERRUPTED') throw error;
    return {
      code: 'not-signed',
      severity: 'error',
      message: `${taken.backupId} is not signed, and so it was not pushed either: ${error.message}`,
      path: key,
      recommendation: `${error.hint} Then run: ${shellLine(['migbackup', 'sign', taken.backupId, '--key', key])}`,
    };
  }
}
