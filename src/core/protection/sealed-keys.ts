import { BackupError } from '../model/backup-error.ts';
import { runAge } from './age-program.ts';
import type { KeysAtHand } from '../model/event.ts';
import { escapeName } from '../paths/names.ts';
import { fingerprintsIn, readIdentities, readPassphrase } from './identities.ts';
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

/** What KEYS.age belongs to, as far as that can be known without a key. */
export interface Sealed {
  /** For messages: `the copy of … in …`. */
  readonly what: string;
  /** Fingerprints of those for whom it says that it is encrypted; of an export, which does not say it, their kinds. */
  readonly recipients: readonly string[];
  /** The rest of what can be known: in a few words, and as details of an error. */
  readonly envelope?: { readonly said: string; readonly facts: Readonly<Record<string, unknown>> };
}

export interface OpenedKeys {
  /** `AGE-SECRET-KEY-1…`: the identity that all files are encrypted for. */
  readonly identity: string;
  /** The fingerprint of the recipient whose key opened it. Null if that cannot be told. */
  readonly openedBy: string | null;
}

/**
 * The identity in KEYS.age, opened with the keys at hand. Throws KEY_MISSING if there are none or none fits, KEY_UNUSABLE, and BACKUP_DAMAGED if it is no
 * age file.
 */
export async function openKeys(bytes: Buffer, keys: KeysAtHand, of: Sealed): Promise<OpenedKeys> {
  const { identity, passphrase } = keys;
  if (identity === undefined && passphrase === undefined)
    throw missing(of, `${of.what} is encrypted, and no key was given`);
  const [kind] = kindsIn(bytes);
  if (kind === undefined) throw damaged(of, 'is no age file');
  const opened =
    kind === 'passphrase' ? await byPassphrase(bytes, passphrase, of) : await byIdentity(bytes, identity, of);
  const found = opened.text.toString('utf8').trim();
  if (!OWN.test(found)) throw damaged(of, 'holds no identity of a copy');
  return { identity: found, openedBy: opened.by };
}

const KINDS: Readonly<Record<string, Recipient['kind']>> = {
  X25519: 'x25519',
  mlkem768x25519: 'post-quantum',
  scrypt: 'passphrase',
  'ssh-ed25519': 'ssh',
  'ssh-rsa': 'ssh',
};

/** What kind each recipient is of that the header of KEYS.age shows to everybody. Nothing proves it. Empty if it is no age file. */
export function kindsIn(sealed: Buffer): Recipient['kind'][] {
  const [header = ''] = /^age-encryption\.org\/v1\n[^]*?\n---/.exec(sealed.toString('latin1')) ?? [];
  const types = [...header.matchAll(/^-> (\S+)/gm)].map(([, type = '']) => type);
  // Some programs add such a line for nobody, so that readers learn to skip what they do not know.
  return types.filter((type) => !type.endsWith('-grease')).map((type) => KINDS[type] ?? 'plugin');
}

interface Opened {
  readonly text: Buffer;
  readonly by: string | null;
}

async function byPassphrase(bytes: Buffer, file: string | undefined, of: Sealed): Promise<Opened> {
  if (file === undefined) throw missing(of, `${of.what} is encrypted with a passphrase, and none was given`);
  const passphrase = readPassphrase(file);
  const text = await decrypt(bytes, of, (decrypter) => decrypter.addPassphrase(passphrase));
  if (text === null) throw missing(of, `the passphrase in ${file} does not open ${of.what}`);
  return { text, by: PASSPHRASE };
}

async function byIdentity(bytes: Buffer, file: string | undefined, of: Sealed): Promise<Opened> {
  if (file === undefined) throw missing(of, `${of.what} is encrypted for a key, and only a passphrase was given`);
  const identities = readIdentities(file);
  const tried = await fingerprintsIn(identities);
  const noFit = `no key in ${file} opens ${of.what}`;
  if (identities.kind === 'program') {
    try {
      const text = await runAge(['--decrypt', '-i', file], bytes, noFit);
      const [only, second] = tried.filter((one) => of.recipients.includes(one));
      return { text, by: second === undefined ? (only ?? null) : null };
    } catch (error) {
      if (error instanceof BackupError && /no identity matched/i.test(error.message))
        throw missing(of, noFit, tried, error);
      throw error;
    }
  }
  for (const [at, secret] of identities.secrets.entries()) {
    const text = await decrypt(bytes, of, (decrypter) => decrypter.addIdentity(secret));
    if (text !== null) return { text, by: tried[at] ?? null };
  }
  throw missing(of, noFit, tried);
}

interface Decrypting {
  addPassphrase(passphrase: string): void;
  addIdentity(identity: string): void;
}

/** Null if the key does not fit. Throws BACKUP_DAMAGED. */
async function decrypt(bytes: Buffer, of: Sealed, add: (to: Decrypting) => void): Promise<Buffer | null> {
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  add(decrypter);
  try {
    return Buffer.from(await decrypter.decrypt(bytes));
  } catch (error) {
    if (error instanceof Error && /no identity matched/i.test(error.message)) return null;
    throw damaged(of, 'was altered', error);
  }
}

/** More are in the details of the error. */
const SHOWN = 4;

function listed(fingerprints: readonly string[]): string {
  const more = fingerprints.length > SHOWN ? ` and ${fingerprints.length - SHOWN} more` : '';
  const names = fingerprints.slice(0, SHOWN).map((one) => (one === PASSPHRASE ? 'a passphrase' : escapeName(one)));
  return `${names.join(', ')}${more}`;
}

/** @param tried fingerprints of the keys that were at hand, as far as they are known */
function missing(of: Sealed, message: string, tried: readonly string[] = [], cause?: unknown): BackupError {
  const { recipients, envelope } = of;
  const about = envelope === undefined ? '' : ` (${envelope.said})`;
  const had =
    tried.length === 0
      ? ''
      : `, and the ${tried.length === 1 ? 'key that was tried is' : 'keys that were tried are'} for ${listed(tried)}`;
  return new BackupError('KEY_MISSING', `${message}: it is for ${listed(recipients)}${had}${about}`, {
    hint: 'Name the file of a key with --identity FILE or in MIGBACKUP_IDENTITY, or that of a passphrase in MIGBACKUP_PASSPHRASE_FILE.',
    details: { recipients, tried, ...(envelope === undefined ? {} : { envelope: envelope.facts }) },
    ...(cause === undefined ? {} : { cause }),
  });
}

function damaged(of: Sealed, what: string, cause?: unknown): BackupError {
  return new BackupError('BACKUP_DAMAGED', `${KEYS_FILE} of ${of.what} ${what}`, {
    hint: 'Use another copy or export, and make this one again from where the backup is whole.',
    ...(cause === undefined ? {} : { cause }),
  });
}
