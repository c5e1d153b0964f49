import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync, sign as signBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { matchesPatterns, readAllowedSigners } from '../../src/core/protection/allowed-signers.ts';
import { readIdentities } from '../../src/core/protection/identities.ts';
import { judgeText } from '../../src/core/protection/judge-signature.ts';
import { pushTaken } from '../../src/core/history/push-copies.ts';
import { signTaken } from '../../src/core/protection/sign-backup.ts';
import { signMessage } from '../../src/core/protection/sign.ts';
import { fitsMessage, formatSshsig, parseSshsig, signedBytes } from '../../src/core/protection/sshsig.ts';
import { Malformed, sshNumber, sshString } from '../../src/core/protection/ssh-wire.ts';
import { context, makeRealBackup } from '../support/real-backup.ts';
import { rewriteManifest } from '../support/rewrite-backup.ts';
import { tempFolder } from '../support/temp-folder.ts';

const folder = tempFolder();
const at = (name: string): string => path.join(folder.path, name);
const NAMESPACE = 'some-namespace';
const message = Buffer.from('what is signed\n');

/** Name of a key -> how ssh-keygen makes it. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  ed25519: ['-t', 'ed25519', '-N', ''],
  locked: ['-t', 'ed25519', '-N', 'the passphrase'],
  rsa: ['-t', 'rsa', '-b', '2048', '-N', ''],
  nistp256: ['-t', 'ecdsa', '-b', '256', '-N', ''],
  nistp384: ['-t', 'ecdsa', '-b', '384', '-N', ''],
  nistp521: ['-t', 'ecdsa', '-b', '521', '-N', ''],
};

/** What ssh-keygen says of a signature. */
function judgedByProgram(signature: string, name: string): number | null {
  writeFileSync(at('allowed'), `me ${readFileSync(at(`${name}.pub`), 'utf8')}`);
  writeFileSync(at('sig'), signature);
  const args = ['-Y', 'verify', '-n', NAMESPACE, '-I', 'me', '-f', at('allowed'), '-s', at('sig')];
  return spawnSync('ssh-keygen', args, { input: message }).status;
}

let agent: { readonly sock: string; readonly pid: number };

beforeAll(() => {
  for (const [name, how] of Object.entries(KEYS)) execFileSync('ssh-keygen', ['-q', ...how, '-f', at(name)]);
  const said = execFileSync('ssh-agent', ['-s', '-a', at('agent')], { encoding: 'utf8' });
  agent = { sock: at('agent'), pid: Number(/SSH_AGENT_PID=(\d+)/.exec(said)?.[1]) };
  process.env['SSH_AUTH_SOCK'] = agent.sock;
});

afterAll(() => {
  delete process.env['SSH_AUTH_SOCK'];
  process.kill(agent.pid);
  folder[Symbol.dispose]();
});

describe('what migbackup signs, ssh-keygen verifies, and the other way round', () => {
  test.each(['ed25519', 'rsa', 'nistp256', 'nistp384', 'nistp521'])('%s', async (name) => {
    const ours = await signMessage(at(name), message, NAMESPACE);
    expect(judgedByProgram(ours, name)).toBe(0);
    for (const hash of ['sha256', 'sha512']) {
      const args = ['-q', '-Y', 'sign', '-n', NAMESPACE, '-f', at(name), '-O', `hashalg=${hash}`];
      const theirs = execFileSync('ssh-keygen', args, { input: message, stdio: 'pipe' }).toString();
      const read = parseSshsig(theirs);
      expect(read).toMatchObject({ namespace: NAMESPACE, hash });
      expect(formatSshsig(read)).toBe(theirs);
      expect(fitsMessage(read, message)).toBe(true);
      expect(fitsMessage(read, Buffer.from('another message'))).toBe(false);
      expect(fitsMessage({ ...read, namespace: 'another' }, message)).toBe(false);
    }
  });

  test('a key in the agent, named by its .pub', async () => {
    await expect(
      signMessage(at('ed25519.pub'), message, NAMESPACE).then((text) => judgedByProgram(text, 'ed25519')),
    ).resolves.toBe(0);
    execFileSync('mv', [at('rsa'), at('rsa.away')]);
    await expect(signMessage(at('rsa.pub'), message, NAMESPACE)).rejects.toMatchObject({ code: 'KEY_UNUSABLE' });
    execFileSync('ssh-add', ['-q', at('rsa.away')]);
    expect(judgedByProgram(await signMessage(at('rsa.pub'), message, NAMESPACE), 'rsa')).toBe(0);
    execFileSync('mv', [at('rsa.away'), at('rsa')]);
  });

  test('a key with a passphrase: ssh-keygen asks for it', async () => {
    writeFileSync(at('ask'), '#!/bin/sh\necho "$SAID"\n', { mode: 0o700 });
    Object.assign(process.env, { SSH_ASKPASS: at('ask'), SSH_ASKPASS_REQUIRE: 'force', SAID: 'the passphrase' });
    try {
      expect(judgedByProgram(await signMessage(at('locked'), message, NAMESPACE), 'locked')).toBe(0);
      process.env['SAID'] = 'not the passphrase';
      const refused: unknown = await signMessage(at('locked'), message, NAMESPACE).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: 'KEY_UNUSABLE' });
      expect(String(refused)).not.toContain('not the passphrase');
    } finally {
      for (const name of ['SSH_ASKPASS', 'SSH_ASKPASS_REQUIRE', 'SAID']) delete process.env[name];
    }
  });

  test('a security key of type sk-ssh-ed25519, as a device signs', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const type = 'sk-ssh-ed25519@openssh.com';
    const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
    const key = Buffer.concat([sshString(type), sshString(raw), sshString('ssh:')]);
    const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
    const made = (flag: number): string => {
      const tail = Buffer.concat([Buffer.from([flag]), sshNumber(7)]);
      const signed = Buffer.concat([
        sha256(Buffer.from('ssh:')),
        tail,
        sha256(signedBytes(message, NAMESPACE, 'sha512')),
      ]);
      const signature = Buffer.concat([sshString(type), sshString(signBytes(null, signed, privateKey)), tail]);
      return formatSshsig({ key, namespace: NAMESPACE, hash: 'sha512', signature });
    };
    writeFileSync(at('sk.pub'), `${type} ${key.toString('base64')} sk\n`);
    expect(judgedByProgram(made(1), 'sk')).toBe(0);
    expect(fitsMessage(parseSshsig(made(1)), message)).toBe(true);
    expect(() => fitsMessage(parseSshsig(made(0)), message)).toThrow('without a touch');
  });
});

test('no flipped bit, no cut and no addition is taken for a signature', async () => {
  const text = await signMessage(at('ed25519'), message, NAMESPACE);
  const isTaken = (damaged: string): boolean => {
    try {
      const read = parseSshsig(damaged);
      return fitsMessage(read, message) && read.namespace === NAMESPACE;
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      return false;
    }
  };
  expect(isTaken(text)).toBe(true);
  const [, body = ''] = text.split(/-----\n|\n-----/);
  const bytes = Buffer.from(body, 'base64');
  const armored = (content: Buffer): string =>
    `-----BEGIN SSH SIGNATURE-----\n${content.toString('base64')}\n-----END SSH SIGNATURE-----\n`;
  expect(isTaken(armored(bytes))).toBe(true);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(isTaken(armored(flipped)), `bit ${bit}`).toBe(false);
  }
  for (let length = 0; length < bytes.length; length++) expect(isTaken(armored(bytes.subarray(0, length)))).toBe(false);
  expect(isTaken(armored(Buffer.concat([bytes, Buffer.from([0])])))).toBe(false);
  expect(isTaken(`${text}more`)).toBe(false);
});

test('a certificate is refused by name', async () => {
  execFileSync('ssh-keygen', ['-q', '-s', at('rsa'), '-I', 'id', '-n', 'me', at('ed25519.pub')], { stdio: 'ignore' });
  const [, base64 = ''] = readFileSync(at('ed25519-cert.pub'), 'utf8').split(' ');
  const read = parseSshsig(await signMessage(at('ed25519'), message, NAMESPACE));
  expect(() => fitsMessage({ ...read, key: Buffer.from(base64, 'base64') }, message)).toThrow(
    'certificate (ssh-ed25519-cert-v01@openssh.com), and certificates are not supported',
  );
});

test.skipIf(process.platform === 'win32')('a key that others may read does not sign', async () => {
  chmodSync(at('nistp256'), 0o640);
  await expect(signMessage(at('nistp256'), message, NAMESPACE)).rejects.toMatchObject({
    code: 'KEY_UNUSABLE',
    message: expect.stringContaining('other users may read'),
  });
  chmodSync(at('nistp256'), 0o600);
});

describe('allowed-signers files', () => {
  const read = (text: string) => {
    writeFileSync(at('file'), text.replaceAll('KEY', readFileSync(at('ed25519.pub'), 'utf8').trim()));
    return readAllowedSigners(at('file'));
  };

  test('principals, options, times and comments', () => {
    const [first, second] = read(
      '# those who may\n\na@x.org,b@x.org KEY and a comment\r\n"*@y.org" namespaces="git,migbackup-*",valid-after="20250101",valid-before="202601011200Z" KEY\n',
    );
    expect(first).toMatchObject({ principals: 'a@x.org,b@x.org', namespaces: undefined, validBefore: undefined });
    expect(second).toMatchObject({
      principals: '*@y.org',
      namespaces: 'git,migbackup-*',
      validAfter: new Date(2025, 0, 1),
      validBefore: new Date('2026-01-01T12:00:00Z'),
    });
  });

  test.each([
    ['a cert-authority KEY', 'cert-authority, and certificates are not supported'],
    ['a no-such-option KEY', 'which is not known'],
    ['a valid-before="20250230" KEY', 'is not one'],
    ['a valid-after="20250102",valid-before="20250101" KEY', 'before it begins'],
    ['a ssh-ed25519 AAAA', 'no key'],
    ['a', 'no principals and key'],
  ])('%s is refused, and the line is named', (line, why) => {
    expect(() => read(`# comment\n${line}\n`)).toThrow(new RegExp(`line 2 .*${why}`));
  });

  test.each([
    ['me', 'me', true],
    ['me', 'ME', false],
    ['me@x.org', '*@x.org', true],
    ['me@x.org', '*@x.org,!me@*', false],
    ['me', 'm?', true],
    ['me', 'm', false],
    ['a'.repeat(200), `${'*a'.repeat(60)}*b`, false],
  ])('%s and %s: %s', (name, patterns, isMatch) => {
    expect(matchesPatterns(name, patterns)).toBe(isMatch);
  });
});

describe('what is no key file is refused at once', () => {
  test.skipIf(process.platform === 'win32')(
    'a pipe and a device, as a key, as an identity and as a list of signers',
    async () => {
      execFileSync('mkfifo', ['-m', '600', at('pipe')]);
      for (const place of [at('pipe'), '/dev/zero']) {
        await expect(signMessage(place, message, NAMESPACE)).rejects.toMatchObject({ code: 'KEY_UNUSABLE' });
        expect(() => readIdentities(place)).toThrow(/cannot be used: it is not a file/);
        expect(() => readAllowedSigners(place)).toThrow(/cannot be read/);
      }
    },
  );

  test('a certificate in the agent', async () => {
    for (const name of ['authority', 'certified'])
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(name)]);
    execFileSync('ssh-keygen', ['-q', '-s', at('authority'), '-I', 'me', '-n', 'me', at('certified.pub')]);
    execFileSync('ssh-add', ['-q', at('certified')], { stdio: 'pipe' });
    await expect(signMessage(at('certified-cert.pub'), message, NAMESPACE)).rejects.toMatchObject({
      code: 'KEY_UNUSABLE',
    });
  });
});

test('a line that only excludes trusts nobody', async () => {
  const text = await signMessage(at('ed25519'), message, NAMESPACE);
  const about = { of: 'it', namespace: NAMESPACE, path: 'x', text, message };
  const judged = (principals: string, required: true | string[]) => {
    writeFileSync(at('allowed'), `${principals} ${readFileSync(at('ed25519.pub'), 'utf8')}`);
    return judgeText(about, { file: at('allowed'), required, allowed: readAllowedSigners(at('allowed')) }, new Date());
  };
  expect(judged('!eve@example.org', true)).toMatchObject({ code: 'signer-not-allowed' });
  expect(judged('!eve@example.org', ['eve@example.org'])).toMatchObject({ code: 'signer-not-allowed' });
  expect(judged('!eve@example.org,*@example.org', true)).toMatchObject({ fingerprint: expect.any(String) });
});

test('a backup that was changed after it was proven is neither signed nor pushed', async () => {
  using backup = await makeRealBackup();
  const copy = backup.copy();
  const list = path.join(copy, 'checksums/ARTIFACTS.sha256');
  const taken = { backupId: backup.id, folder: copy, artifactsSha256: hashOf(list) };
  rewriteManifest(copy, (manifest) => Object.assign(manifest, { note: 'forged' }));
  expect(hashOf(list)).not.toBe(taken.artifactsSha256);
  await expect(signTaken(taken, at('ed25519'))).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
  expect(existsSync(`${copy}.sig`)).toBe(false);
  const targets = { choices: [], insecure: false, minCopies: 0, extendsLock: false, keys: new Map() };
  expect(() => pushTaken(backup.project, taken, targets, context)).toThrow(/changed after it was proven/);
  const signed = await signTaken({ ...taken, artifactsSha256: hashOf(list) }, at('ed25519'));
  expect(existsSync(signed.file)).toBe(true);
});

const hashOf = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');
