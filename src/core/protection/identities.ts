import { isUtf8 } from 'node:buffer';
import { readNamed } from '../fs/regular-file.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import { fingerprintOf } from './recipients.ts';
import { decodeBase64, Malformed, SshReader } from './ssh-wire.ts';

/** What a file of identities has. `program`: only the age program can use it. */
export type Identities =
  | { readonly kind: 'own'; readonly file: string; readonly secrets: readonly string[] }
  | { readonly kind: 'program'; readonly file: string; readonly content: string };

const MAX_BYTES = 1 << 20;
const SECRET = /^AGE-SECRET-KEY-(?:PQ-)?1[02-9AC-HJ-NP-Z]{50,70}$/;
/** An identity file that is encrypted with a passphrase. It has other bytes than text behind this line. */
const AGE_FILE = Buffer.from('age-encryption.org/v1\n');
const OPENSSH = /-----BEGIN OPENSSH PRIVATE KEY-----\r?\n([\s\S]+?)\r?\n-----END OPENSSH PRIVATE KEY-----/;

/** Reads a file of identities. Throws KEY_UNUSABLE, also if other users may read the file. */
export function readIdentities(file: string): Identities {
  const bytes = readSecret(file, 'identity');
  if (bytes.subarray(0, AGE_FILE.length).equals(AGE_FILE)) return { kind: 'program', file, content: '' };
  const content = textOf(bytes, file, 'identity');
  if (/^-----BEGIN |^AGE-PLUGIN-/m.test(content)) return { kind: 'program', file, content };
  const lines = content.split(/\r?\n/).map((line) => line.trim());
  const secrets = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (secrets.length === 0) throw unusable(file, 'identity', 'it has no identity in it');
  // The line is not shown: it may be a secret with a mistake in it.
  const odd = lines.findIndex((line) => line !== '' && !line.startsWith('#') && !SECRET.test(line));
  if (odd >= 0) throw unusable(file, 'identity', `line ${odd + 1} is none of AGE-SECRET-KEY-1…`);
  return { kind: 'own', file, secrets };
}

/**
 * The fingerprints of the recipients of these identities. For `own` one each, in order; for others those that can be told without a passphrase or a
 * plugin. Throws KEY_UNUSABLE.
 */
export async function fingerprintsIn(identities: Identities): Promise<string[]> {
  if (identities.kind === 'program') {
    const text = sshPublicKey(identities.content);
    return text === null ? [] : [fingerprintOf({ kind: 'ssh', text })];
  }
  const { identityToRecipient } = await import('age-encryption');
  const all: string[] = [];
  for (const secret of identities.secrets) {
    const kind = secret.startsWith('AGE-SECRET-KEY-PQ-') ? 'post-quantum' : 'x25519';
    // The library's message may show the secret.
    const text = await identityToRecipient(secret).catch(() => null);
    if (text === null) throw unusable(identities.file, 'identity', 'an identity in it is mistyped');
    all.push(fingerprintOf({ kind, text }));
  }
  return all;
}

export interface NewIdentity {
  /** Of the file, as age-keygen writes it. */
  readonly text: string;
  readonly recipient: string;
  readonly fingerprint: string;
}

/** Makes an identity. */
export async function newIdentity(kind: 'x25519' | 'post-quantum', now: Date): Promise<NewIdentity> {
  const { generateHybridIdentity, generateX25519Identity, identityToRecipient } = await import('age-encryption');
  const secret = await (kind === 'x25519' ? generateX25519Identity() : generateHybridIdentity());
  const recipient = await identityToRecipient(secret);
  const created = `${now.toISOString().slice(0, 19)}Z`;
  const text = `# created: ${created}\n# public key: ${recipient}\n${secret}\n`;
  return { text, recipient, fingerprint: fingerprintOf({ kind, text: recipient }) };
}

/** The public key in an OpenSSH private key, which has it in the clear also if it has a passphrase. Null for other files. */
function sshPublicKey(content: string): string | null {
  const [, body] = OPENSSH.exec(content) ?? [];
  if (body === undefined) return null;
  try {
    const reader = new SshReader(decodeBase64(body));
    if (reader.raw(15).toString('latin1') !== 'openssh-key-v1\0') return null;
    // Cipher, key derivation and its options.
    for (let field = 0; field < 3; field++) reader.string();
    if (reader.number() !== 1) return null;
    const key = reader.string();
    return `${new SshReader(key).text()} ${key.toString('base64')}`;
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

/** The passphrase in a file: its first line. Throws KEY_UNUSABLE, also if other users may read the file. */
export function readPassphrase(file: string): string {
  const [line = ''] = textOf(readSecret(file, 'passphrase'), file, 'passphrase').split(/\r?\n/);
  if (line === '') throw unusable(file, 'passphrase', 'its first line is empty');
  return line;
}

type Kind = 'identity' | 'passphrase';

function textOf(bytes: Buffer, file: string, what: Kind): string {
  if (!isUtf8(bytes)) throw unusable(file, what, 'it is not text');
  return bytes.toString('utf8');
}

function readSecret(file: string, what: Kind): Buffer {
  try {
    const { bytes, mode } = readNamed(file, MAX_BYTES);
    if (process.platform === 'win32' || (mode & 0o077) === 0) return bytes;
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined) throw error;
    const whys: Record<string, string> = {
      EFTYPE: 'it is not a file',
      EFBIG: `it is larger than ${MAX_BYTES} bytes`,
    };
    throw unusable(file, what, whys[code] ?? `it cannot be read (${code})`, error);
  }
  throw new BackupError('KEY_UNUSABLE', `other users may read the ${what} file ${file}`, {
    hint: 'Run chmod 600 on it, and make a new key if somebody may have read this one.',
    path: file,
  });
}

function unusable(file: string, what: Kind, why: string, cause?: unknown): BackupError {
  const kinds = 'an age identity, an SSH private key, or an identity file that is encrypted with a passphrase';
  return new BackupError('KEY_UNUSABLE', `the ${what} file ${file} cannot be used: ${why}`, {
    hint: what === 'identity' ? `Name a file that holds ${kinds}.` : 'Put the passphrase into its first line.',
    path: file,
    ...(cause === undefined ? {} : { cause }),
  });
}
