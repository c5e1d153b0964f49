import { BackupError } from '../model/backup-error.ts';
import { runAge } from './age-program.ts';
import type { KeysAtHand } from '../model/event.ts';
import { readIdentities, readPassphrase } from './identities.ts';
import { PASSPHRASE, type Recipient } from './recipients.ts';

/** The identity of a copy or an export, sealed for its recipients. */
export const KEYS_FILE = 'KEYS.age';
export const MAX_KEYS_BYTES = 1 << 20;
const OWN = /^AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}$/;

/** A key pair that all files of one copy or export are encrypted with, and KEYS.age. */
export interface NewKeys {
  /** `age1…` */
  readonly recipient: string;
  /** KEYS.age. */
  readonly sealed: Buffer;
}

/** Makes a key pair for one copy. The secret is in KEYS.age alone. Throws USAGE, KEY_MISSING and KEY_UNUSABLE. */
export async function newKeys(recipients: readonly Recipient[], keys: KeysAtHand): Promise<NewKeys> {
  const { generateX25519Identity, identityToRecipient } = await import('age-encryption');
  const identity = await generateX25519Identity();
  const sealed = await sealKeys(identity, recipients, keys);
  return { recipient: await identityToRecipient(identity), sealed };
}

/** KEYS.age for these recipients. @param identity of the copy */
export async function sealKeys(identity: string, recipients: readonly Recipient[], keys: KeysAtHand): Promise<Buffer> {
  const text = Buffer.from(`${identity}\n`);
  if (recipients.some(({ kind }) => kind === 'ssh' || kind === 'plugin')) {
    const args = recipients.flatMap((recipient) => ['-r', recipient.text]);
    return runAge(['--encrypt', ...args], text, 'the key of the copy cannot be encrypted');
  }
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  for (const { kind, text: recipient } of recipients) {
    if (kind === 'passphrase') encrypter.setPassphrase(passphraseOf(keys));
    else addRecipient(recipient, () => encrypter.addRecipient(recipient));
  }
  return Buffer.from(await encrypter.encrypt(text));
}

/** Its checksum is wrong, for example. */
function addRecipient(recipient: string, add: () => void): void {
  try {
    add();
  } catch (cause) {
    throw new BackupError(
      'USAGE',
      `${recipient.slice(0, 20)}… is no recipient: it was not copied whole, or is mistyped`,
      {
        hint: 'Copy it again from where the key was made.',
        cause,
      },
    );
  }
}

function passphraseOf({ passphrase }: KeysAtHand): string {
  if (passphrase !== undefined) return readPassphrase(passphrase);
  throw new BackupError('KEY_MISSING', `"${PASSPHRASE}" is a recipient, and no passphrase was given`, {
    hint: 'Name the file that has it in MIGBACKUP_PASSPHRASE_FILE.',
  });
}

/**
 * The identity in KEYS.age, opened with the keys at hand. Throws KEY_MISSING if there are none or none fits, KEY_UNUSABLE, and BACKUP_DAMAGED if it is no
 * age file.
 * @param of what it belongs to, for messages
 */
export async function openKeys(sealed: Buffer, keys: KeysAtHand, of: string): Promise<string> {
  const { identity, passphrase } = keys;
  if (identity === undefined && passphrase === undefined) throw missing(`${of} is encrypted, and no key was given`);
  const [, stanza = ''] = /^age-encryption\.org\/v1\n-> (\S+)/.exec(sealed.toString('latin1', 0, 100)) ?? [];
  if (stanza === '') throw damaged(of, 'is no age file');
  const isPassphrase = stanza === 'scrypt';
  const text = isPassphrase ? await byPassphrase(sealed, passphrase, of) : await byIdentity(sealed, identity, of);
  const found = text.toString('utf8').trim();
  if (!OWN.test(found)) throw damaged(of, 'holds no identity of a copy');
  return found;
}

async function byPassphrase(sealed: Buffer, file: string | undefined, of: string): Promise<Buffer> {
  if (file === undefined) throw missing(`${of} is encrypted with a passphrase, and none was given`);
  const passphrase = readPassphrase(file);
  return decrypt(sealed, `the passphrase in ${file} does not open ${of}`, of, (decrypter) =>
    decrypter.addPassphrase(passphrase),
  );
}

async function byIdentity(sealed: Buffer, file: string | undefined, of: string): Promise<Buffer> {
  if (file === undefined) throw missing(`${of} is encrypted for a key, and only a passphrase was given`);
  const identities = readIdentities(file);
  const noFit = `no key in ${file} opens ${of}`;
  if (identities.kind === 'program') {
    try {
      return await runAge(['--decrypt', '-i', file], sealed, noFit);
    } catch (error) {
      if (error instanceof BackupError && /no identity matched/i.test(error.message)) throw missing(noFit, error);
      throw error;
    }
  }
  return decrypt(sealed, noFit, of, (decrypter) => {
    for (const secret of identities.secrets) addIdentity(file, () => decrypter.addIdentity(secret));
  });
}

function addIdentity(file: string, add: () => void): void {
  try {
    add();
  } catch {
    // The library's message may show the secret.
    throw new BackupError('KEY_UNUSABLE', `the identity file ${file} cannot be used: an identity in it is mistyped`, {
      hint: 'Copy it again from where it is kept.',
      path: file,
    });
  }
}

interface Decrypting {
  addPassphrase(passphrase: string): void;
  addIdentity(identity: string): void;
}

async function decrypt(sealed: Buffer, noFit: string, of: string, add: (to: Decrypting) => void): Promise<Buffer> {
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  add(decrypter);
  try {
    return Buffer.from(await decrypter.decrypt(sealed));
  } catch (error) {
    if (error instanceof Error && /no identity matched/i.test(error.message)) throw missing(noFit, error);
    throw damaged(of, 'was altered', error);
  }
}

function missing(message: string, cause?: unknown): BackupError {
  return new BackupError('KEY_MISSING', message, {
    hint: 'Name the file of a key with --identity FILE or in MIGBACKUP_IDENTITY, or that of a passphrase in MIGBACKUP_PASSPHRASE_FILE.',
    ...(cause === undefined ? {} : { cause }),
  });
}

function damaged(of: string, what: string, cause?: unknown): BackupError {
  return new BackupError('BACKUP_DAMAGED', `${KEYS_FILE} of ${of} ${what}`, {
    hint: 'Use another copy, and push this backup again from where it is whole.',
    ...(cause === undefined ? {} : { cause }),
  });
}
