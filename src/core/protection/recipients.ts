import { hash } from 'node:crypto';
import { BackupError } from '../model/backup-error.ts';

/** Who can open what is encrypted for them. `ssh` and `plugin` need the age program, for KEYS.age alone. */
export interface Recipient {
  readonly kind: 'x25519' | 'post-quantum' | 'passphrase' | 'ssh' | 'plugin';
  /** As age takes it. Of a passphrase, the word `passphrase`: it is read from a file when it is needed. */
  readonly text: string;
}

/** Names the passphrase in the file of MIGBACKUP_PASSPHRASE_FILE. */
export const PASSPHRASE = 'passphrase';
const MOST = 100;

/** The forms: https://github.com/C2SP/C2SP/blob/main/age.md and age(1), RECIPIENTS AND IDENTITIES. */
const X25519 = /^age1[02-9ac-hj-np-z]{58}$/;
const POST_QUANTUM = /^age1pq1[02-9ac-hj-np-z]{1900,2000}$/;
const PLUGIN = /^age1[a-z0-9+._-]+1[02-9ac-hj-np-z]{6,4000}$/;
const SSH = /^(ssh-ed25519|ssh-rsa) ([A-Za-z0-9+/]{40,3000}={0,2})(?:\s.*)?$/;
const OTHER_SSH = /^((?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]+)(?:\s|$)/;
/** Recipients of hardware, whose identities only plugins have. */
const TAG = /^age1tag(?:pq)?1/;
const FORMS = `Give age1…, age1pq1…, the text of an ssh-ed25519 or ssh-rsa public key, or the word ${PASSPHRASE}. migbackup key new makes an age1… key.`;

/**
 * The recipients that a config or a command line names. Throws USAGE for text that is no recipient, for recipients that do
 * not go together, and for a single one unless that was asked for.
 * @param single allow one recipient, whose loss would be the loss of all that is encrypted
 */
export function parseRecipients(words: readonly string[], single: boolean): Recipient[] {
  const named = words.map((word, at) => parseRecipient(word, at + 1));
  const all = [...new Map(named.map((recipient) => [recipient.text, recipient])).values()];
  const has = (kind: Recipient['kind']): boolean => all.some((recipient) => recipient.kind === kind);
  if (all.length > MOST)
    throw refused(`${all.length} recipients are more than ${MOST}`, 'Make a key that several share.');
  if (has('passphrase') && all.length > 1)
    throw refused('a passphrase and other recipients do not go together', 'age allows a passphrase only alone.');
  if (has('post-quantum') && all.some(({ kind }) => kind !== 'post-quantum'))
    throw refused(
      'post-quantum recipients (age1pq1…) and others do not go together',
      'Take only age1pq1… or none of them: age refuses to weaken them by others.',
    );
  if (all.length === 1 && !single && !has('passphrase'))
    throw refused(
      'there is only one recipient, and if its key is lost, so is all that is encrypted',
      'Name a second one that is kept elsewhere, or add --single-recipient ("singleRecipient": true in the config).',
    );
  return all;
}

/** @param number of the word, from 1 on: one that is no recipient is not shown, because it may be a secret */
function parseRecipient(word: string, number: number): Recipient {
  const text = word.trim();
  if (text === PASSPHRASE) return { kind: 'passphrase', text };
  if (X25519.test(text)) return { kind: 'x25519', text };
  if (POST_QUANTUM.test(text)) return { kind: 'post-quantum', text };
  if (TAG.test(text))
    throw refused(
      `recipient ${number} is one of hardware that migbackup does not support (age1tag…)`,
      'Give the recipient of a plugin for that hardware, such as age1yubikey1…, or make an age1… key with migbackup key new.',
    );
  if (PLUGIN.test(text) && !text.startsWith('age1pq1')) return { kind: 'plugin', text };
  const [, type, key] = SSH.exec(text) ?? [];
  if (type !== undefined) return { kind: 'ssh', text: `${type} ${key}` };
  if (/AGE-(SECRET-KEY|PLUGIN)|PRIVATE KEY/i.test(text))
    throw refused(
      `recipient ${number} is a secret key`,
      'Give its public key, which age-keygen -y prints, and make a new key if others may have read this one.',
    );
  const [, other] = OTHER_SSH.exec(text) ?? [];
  if (other === 'ssh-ed25519' || other === 'ssh-rsa')
    throw refused(`recipient ${number} is not a whole ${other} key`, 'Give the one line of its .pub file.');
  if (other !== undefined)
    throw refused(
      `recipient ${number} is an SSH key of type ${other}, and age encrypts for none of those`,
      'Give an ssh-ed25519 or ssh-rsa key, or make an age1… key with migbackup key new.',
    );
  if (/^(github:|https?:)/i.test(text))
    throw refused(
      `recipient ${number} names keys on a server, which could give others tomorrow`,
      'Fetch the key once, check that it is the right one, and give its text.',
    );
  if (/^age1/i.test(text))
    throw refused(
      `recipient ${number} begins with age1 and is not a whole recipient: it has ${text.length} characters`,
      'Copy it again, in lower case, from where the key was made.',
    );
  throw refused(`recipient ${number} is none of the forms of recipients`, FORMS);
}

/** Tells recipients apart for those who know them; nobody else learns them from it. `x25519:` and 32 hex digits. */
export function fingerprintOf({ kind, text }: Recipient): string {
  return kind === 'passphrase' ? PASSPHRASE : `${kind}:${hash('sha256', text).slice(0, 32)}`;
}

/** Of several, in the order in which copies state them. */
export function fingerprintsOf(recipients: readonly Recipient[]): string[] {
  return recipients.map(fingerprintOf).toSorted();
}

function refused(message: string, hint: string): BackupError {
  return new BackupError('USAGE', message, { hint });
}
