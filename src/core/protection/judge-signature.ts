/*
 * Room "protection": who made a backup. sshsig.ts reads and writes signatures as ssh-keygen does, sign.ts makes them, allowed-signers.ts says who may
 * sign, and this file judges the signature of a backup. Trust comes from the allowed-signers file alone.
 */
import { hash } from 'node:crypto';
import path from 'node:path';
import { ARTIFACTS_FILE, MAX_SIGNATURE_BYTES, NAMESPACE, SIGNATURE_SUFFIX } from '../format/layout.ts';
import { lstatOrNull } from '../fs/durable.ts';
import { hashFile } from '../fs/hash-file.ts';
import { isNoFile, readRegular } from '../fs/regular-file.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import type { Finding } from '../model/finding.ts';
import { escapeName } from '../paths/names.ts';
import { matchesPatterns, readAllowedSigners, type AllowedSigner } from './allowed-signers.ts';
import { fingerprintOf } from './public-key.ts';
import type { SignerRule } from './signer-rule.ts';
import { fitsMessage, parseSshsig, type Sshsig } from './sshsig.ts';
import { Malformed } from './ssh-wire.ts';

/** Where a backup is, as far as its signature goes. */
export interface SignedBackup {
  readonly id: string;
  readonly folder: string;
  /** The exported file that it was unpacked from: the signature is beside that. */
  readonly fromFile?: string;
  /** Where its signature is, if it came along with the backup from elsewhere. */
  readonly signature?: string;
}

/** The signature of a backup is beside its folder, or beside the exported file, so that it changes nothing in the backup. */
export function signatureFile({ id, folder, fromFile = folder, signature }: SignedBackup): string {
  return signature ?? path.join(path.dirname(fromFile), id + SIGNATURE_SUFFIX);
}

/**
 * The signature that goes along with a backup to another place, whatever it is worth; null if it has none. Throws BACKUP_DAMAGED if that file is too large to
 * be one.
 */
export function signatureToCarry(backup: SignedBackup): { file: string; size: number; sha256: string } | null {
  const file = signatureFile(backup);
  const stat = lstatOrNull(file);
  if (stat === null) return null;
  if (stat.isFile() && stat.size <= MAX_SIGNATURE_BYTES)
    return { file, size: Number(stat.size), sha256: hashFile(file) };
  throw new BackupError('BACKUP_DAMAGED', `${escapeName(backup.id)} has something beside it that is no signature`, {
    hint: 'Move that file away, and sign the backup with migbackup sign.',
    path: file,
  });
}

/** What is signed: the list of artifacts, which has the hash of every file of the backup. */
export function signedList(folder: string): Buffer {
  return readRegular(path.join(folder, ARTIFACTS_FILE), 1 << 20);
}

export interface TrustedSigner {
  /** The principals of the line that allows it, as they are written there, or the one that was required. */
  readonly principal: string;
  readonly fingerprint: string;
}

export interface Judged {
  readonly signer: TrustedSigner;
  /** Of the list of artifacts that was signed: who uses the backup compares it, because the file may change. */
  readonly artifactsSha256: string;
}

/** The signer of a backup, or why there is none who may be trusted. Throws USAGE for an allowed-signers file that cannot be read. */
export function judgeSignature(backup: SignedBackup, rule: SignerRule, now: Date): Judged | Finding {
  const file = signatureFile(backup);
  const text = readIfFile(() => readRegular(file, MAX_SIGNATURE_BYTES))?.toString('latin1') ?? null;
  // Without a list, nothing fits it, and the verification says what is missing.
  const list = readIfFile(() => signedList(backup.folder)) ?? Buffer.alloc(0);
  return judgeList(backup.id, { path: file, text, list }, rule, now);
}

/** Null if there is no file; empty if it is too large to be what is looked for. */
function readIfFile(read: () => Buffer): Buffer | null {
  try {
    return read();
  } catch (error) {
    if (isNoFile(error)) return null;
    if (errnoOf(error) === 'EFBIG') return Buffer.alloc(0);
    throw error;
  }
}

/** A signature and what it is to fit. */
export interface SignedText {
  /** Whose signature it is, for people: the id of a backup. */
  readonly of: string;
  readonly namespace: string;
  /** Where the signature is, for people and JSON. */
  readonly path: string;
  /** Null if there is none. */
  readonly text: string | null;
  readonly message: Buffer;
}

/** The same for a signature and a list of artifacts that were read already. */
export function judgeList(
  id: string,
  { list, ...where }: Pick<SignedText, 'path' | 'text'> & { readonly list: Buffer },
  rule: SignerRule,
  now: Date,
): Judged | Finding {
  const signer = judgeText({ of: id, namespace: NAMESPACE, ...where, message: list }, rule, now);
  return 'code' in signer ? signer : { signer, artifactsSha256: hash('sha256', list) };
}

/** The signer of a message, or why there is none who may be trusted. */
export function judgeText(signed: SignedText, rule: SignerRule, now: Date): TrustedSigner | Finding {
  const { of, namespace, path, text, message } = signed;
  const allowed = rule.allowed ?? readAllowedSigners(rule.file);
  const wrong = (code: Code, what: string, recommendation: string): Finding => ({
    code,
    severity: 'error',
    message: `${escapeName(of)} ${what}`,
    path,
    recommendation,
  });
  if (text === null)
    return wrong('signature-missing', 'is not signed', 'Sign it with migbackup sign, if you know that it is yours.');
  let signature: Sshsig;
  try {
    signature = parseSshsig(text);
    if (signature.namespace !== namespace)
      return wrong(
        'signature-namespace',
        `has a signature that was made for ${JSON.stringify(signature.namespace)}, not for ${namespace}`,
        'Sign it with migbackup sign.',
      );
    if (!fitsMessage(signature, message))
      return wrong('signature-invalid', 'is not what was signed: the signature does not fit it', DISTRUST);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return wrong('signature-invalid', `has no usable signature: it ${error.message}`, DISTRUST);
  }
  const valid = allowed.filter(({ namespaces }) => matchesPatterns(namespace, namespaces ?? '*'));
  return judgeSigner(signature.key, valid, rule.required, now, wrong);
}

const DISTRUST = 'Use another backup: this one, or its signature, was altered or damaged after it was signed.';

type Code = 'signature-missing' | 'signature-invalid' | 'signature-namespace' | 'signer-not-allowed' | 'signer-expired';

function judgeSigner(
  key: Buffer,
  allowed: readonly AllowedSigner[],
  required: SignerRule['required'],
  now: Date,
  wrong: (code: Code, what: string, recommendation: string) => Finding,
): TrustedSigner | Finding {
  const fingerprint = fingerprintOf(key);
  const lines = allowed.flatMap((line) => {
    if (!line.key.equals(key)) return [];
    // A line that only excludes names nobody.
    if (required === true) return /(?:^|,)[^!]/.test(line.principals) ? [{ line, principal: line.principals }] : [];
    const principal = required.find((name) => matchesPatterns(name, line.principals));
    return principal === undefined ? [] : [{ line, principal }];
  });
  const found = lines.find(({ line: { validAfter, validBefore } }) => {
    return (validAfter === undefined || now >= validAfter) && (validBefore === undefined || now <= validBefore);
  });
  if (found !== undefined) return { principal: found.principal, fingerprint };
  if (lines.length > 0)
    return wrong(
      'signer-expired',
      `was signed by ${fingerprint}, whose time in the allowed-signers file is over or has not begun`,
      'Sign it again with a key that is valid now, if you know that the backup is yours.',
    );
  const who = required === true ? 'anybody' : required.map((name) => escapeName(name)).join(' or ');
  return wrong(
    'signer-not-allowed',
    `was signed by ${fingerprint}, which the allowed-signers file does not allow for ${who}`,
    'Add the key to the allowed-signers file, if you know whose it is.',
  );
}

/**
 * The backup, which from here on is only what was signed. Throws SIGNATURE_REFUSED unless somebody whom the rule trusts signed it. The rule and its file
 * are read before anything is changed, so nothing that a restore writes can decide about it.
 */
export function requireSignature<Backup extends SignedBackup>(
  backup: Backup,
  rule: SignerRule | undefined,
  now: Date,
): Backup & { readonly artifactsSha256?: string } {
  if (rule === undefined) return backup;
  const judged = judgeSignature(backup, rule, now);
  if (!('code' in judged)) return { ...backup, artifactsSha256: judged.artifactsSha256 };
  throw new BackupError('SIGNATURE_REFUSED', `${judged.message}, and the config restores only what is signed`, {
    hint: judged.recommendation ?? DISTRUST,
    path: signatureFile(backup),
    details: { finding: judged.code },
  });
}
