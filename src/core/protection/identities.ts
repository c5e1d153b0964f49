import fs from 'node:fs';
import { isUtf8 } from 'node:buffer';
import { BackupError, errnoOf } from '../model/backup-error.ts';

/** What a file of identities has. `program`: only the age program can use it. */
export type Identities =
  | { readonly kind: 'own'; readonly file: string; readonly secrets: readonly string[] }
  | { readonly kind: 'program'; readonly file: string };

const MAX_BYTES = 1 << 20;
const SECRET = /^AGE-SECRET-KEY-(?:PQ-)?1[02-9AC-HJ-NP-Z]{50,70}$/;

/** Reads a file of identities. Throws KEY_UNUSABLE, also if other users may read the file. */
export function readIdentities(file: string): Identities {
  const content = readSecret(file, 'identity');
  if (/^-----BEGIN |^age-encryption\.org\/v1$/m.test(content) || /^AGE-PLUGIN-/m.test(content))
    return { kind: 'program', file };
  const lines = content.split(/\r?\n/).map((line) => line.trim());
  const secrets = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (secrets.length === 0) throw unusable(file, 'identity', 'it has no identity in it');
  // The line is not shown: it may be a secret with a mistake in it.
  const odd = lines.findIndex((line) => line !== '' && !line.startsWith('#') && !SECRET.test(line));
  if (odd >= 0) throw unusable(file, 'identity', `line ${odd + 1} is none of AGE-SECRET-KEY-1…`);
  return { kind: 'own', file, secrets };
}

/** The passphrase in a file: its first line. Throws KEY_UNUSABLE, also if other users may read the file. */
export function readPassphrase(file: string): string {
  const [line = ''] = readSecret(file, 'passphrase').split(/\r?\n/);
  if (line === '') throw unusable(file, 'passphrase', 'its first line is empty');
  return line;
}

function readSecret(file: string, what: 'identity' | 'passphrase'): string {
  let content: Buffer;
  try {
    const fd = fs.openSync(file, 'r');
    try {
      const stat = fs.fstatSync(fd);
      if (!stat.isFile()) throw unusable(file, what, 'it is not a file');
      if (stat.size > MAX_BYTES) throw unusable(file, what, `it is larger than ${MAX_BYTES} bytes`);
      if (process.platform !== 'win32' && (stat.mode & 0o077) !== 0)
        throw new BackupError('KEY_UNUSABLE', `other users may read the ${what} file ${file}`, {
          hint: 'Run chmod 600 on it, and make a new key if somebody may have read this one.',
          path: file,
        });
      content = fs.readFileSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    if (error instanceof BackupError || errnoOf(error) === undefined) throw error;
    throw unusable(file, what, `it cannot be read (${errnoOf(error)})`, error);
  }
  if (!isUtf8(content)) throw unusable(file, what, 'it is not text');
  return content.toString('utf8');
}

function unusable(file: string, what: string, why: string, cause?: unknown): BackupError {
  const kinds = 'an age identity, an SSH private key, or an identity file that is encrypted with a passphrase';
  return new BackupError('KEY_UNUSABLE', `the ${what} file ${file} cannot be used: ${why}`, {
    hint: what === 'identity' ? `Name a file that holds ${kinds}.` : 'Put the passphrase into its first line.',
    path: file,
    ...(cause === undefined ? {} : { cause }),
  });
}
