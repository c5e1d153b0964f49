import { expect, test } from 'vitest';
import { generateHybridIdentity, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { BackupError } from '../../src/core/model/backup-error.ts';
import { fingerprintOf, parseRecipients } from '../../src/core/protection/recipients.ts';

const ED25519 = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3bV2zkS7mVh0cN3r1z1zYQp1iZ6qf0f1aQe1m3k6vB';

function refusal(words: readonly string[], single = true): BackupError {
  try {
    parseRecipients(words, single);
  } catch (error) {
    if (error instanceof BackupError) return error;
    throw error;
  }
  throw new Error('not refused');
}

/** Each with what its refusal says. */
const REFUSED: readonly (readonly [text: string, says: RegExp])[] = [
  ['age1tag1qwerty0qwerty', /hardware that migbackup does not support/],
  ['age1tagpq1qwerty0qwerty', /hardware that migbackup does not support/],
  ['ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY me@here', /SSH key of type ecdsa-sha2-nistp256/],
  ['sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29t me', /type sk-ssh-ed25519@openssh\.com/],
  ['sk-ecdsa-sha2-nistp256@openssh.com AAAA', /type sk-ecdsa-sha2-nistp256@openssh\.com/],
  ['ssh-dss AAAAB3NzaC1kc3M', /type ssh-dss/],
  ['ssh-ed25519-cert-v01@openssh.com AAAA', /type ssh-ed25519-cert-v01@openssh\.com/],
  ['ssh-ed25519 AAAA', /not a whole ssh-ed25519 key/],
  ['ssh-rsa', /not a whole ssh-rsa key/],
  ['github:somebody', /keys on a server/],
  ['https://github.com/somebody.keys', /keys on a server/],
  ['age1qqqq', /not a whole recipient: it has 8 characters/],
  ['AGE1QQQQ', /not a whole recipient/],
  ['~/.ssh/id_ed25519.pub', /none of the forms/],
];

test.each(REFUSED)('%s is refused by name', (text, says) => {
  const { code, message, hint } = refusal([ED25519, text]);
  expect(code).toBe('USAGE');
  expect(message).toMatch(says);
  expect(message).toContain('recipient 2 ');
  expect(hint).toMatch(/^[A-Z].*[.]$/);
});

test('what may be a secret is in no message', async () => {
  const x25519 = await generateX25519Identity();
  const hybrid = await generateHybridIdentity();
  const secrets = [
    x25519,
    x25519.toLowerCase(),
    // Cut, and with a letter in the wrong place.
    x25519.slice(4),
    `A${x25519}`,
    hybrid,
    'AGE-PLUGIN-YUBIKEY-1QQQQQQQQQQQQQ8P9Y3Q',
    '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----',
    'correct horse battery staple',
  ];
  for (const secret of secrets) {
    const { message, hint } = refusal([secret]);
    for (let at = 0; at + 12 <= secret.length; at++)
      expect(`${message} ${hint}`).not.toContain(secret.slice(at, at + 12));
  }
  for (const secret of [x25519, x25519.toLowerCase(), hybrid])
    expect(refusal([secret]).message).toMatch(/a secret key/);
});

test('the forms are taken, each once, and told apart', async () => {
  const one = await identityToRecipient(await generateX25519Identity());
  const hybrid = await identityToRecipient(await generateHybridIdentity());
  const kinds = (words: readonly string[]) => parseRecipients(words, true).map(({ kind }) => kind);
  expect(kinds([one, ` ${one}\n`, ED25519, `${ED25519} me@here`, 'age1yubikey1qwt50d05nh5v'])).toEqual([
    'x25519',
    'ssh',
    'plugin',
  ]);
  expect(kinds([hybrid])).toEqual(['post-quantum']);
  expect(kinds(['passphrase'])).toEqual(['passphrase']);
  const all = [one, hybrid, 'passphrase', ED25519].flatMap((word) => parseRecipients([word], true));
  expect(new Set(all.map(fingerprintOf)).size).toBe(all.length);
});

test('what does not go together, and a single key, is refused', async () => {
  const one = await identityToRecipient(await generateX25519Identity());
  const hybrid = await identityToRecipient(await generateHybridIdentity());
  expect(refusal(['passphrase', one]).message).toMatch(/do not go together/);
  expect(refusal([hybrid, one]).message).toMatch(/do not go together/);
  expect(refusal([one], false).hint).toContain('singleRecipient');
  expect(refusal([one, one], false).hint).toContain('singleRecipient');
});
