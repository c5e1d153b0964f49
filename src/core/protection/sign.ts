import { spawn } from 'node:child_process';
import { createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { isatty } from 'node:tty';
import { readNamed } from '../fs/regular-file.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import { decodeBase64, Malformed, SshReader, sshString } from './ssh-wire.ts';
import { fitsMessage, formatSshsig, parseSshsig, signedBytes } from './sshsig.ts';

const TYPE = 'ssh-ed25519';
const MAX_KEY_BYTES = 1 << 20;
const PRIVATE = /^-----BEGIN OPENSSH PRIVATE KEY-----\r?\n([\s\S]+?)\r?\n-----END OPENSSH PRIVATE KEY-----\s*$/;
/** The key itself follows in 32 bytes (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * Signs a message with a key file. An Ed25519 key without a passphrase signs here; ssh-keygen signs with every other: one with a passphrase, which it
 * asks for, RSA, ECDSA, a security key, and with `<key>.pub` the agent. Returns the text of a signature file, which is checked. Throws KEY_UNUSABLE.
 */
export async function signMessage(keyFile: string, message: Uint8Array, namespace: string): Promise<string> {
  const content = readKey(keyFile);
  const own = plainEd25519(content);
  const text = own === null ? await signByProgram(keyFile, message, namespace) : signHere(own, message, namespace);
  if (!isMadeFor(text, message, namespace, keyFile))
    throw unusable(keyFile, 'the signature that was made with it does not fit');
  return text;
}

function readKey(file: string): string {
  try {
    const { bytes, mode } = readNamed(file, MAX_KEY_BYTES);
    const content = bytes.toString('utf8');
    const isPrivate = content.includes('PRIVATE KEY-----');
    if (isPrivate && process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new BackupError('KEY_UNUSABLE', `other users may read the key ${file}`, {
        hint: `Run chmod 600 on it, and make a new key if somebody may have read this one.`,
        path: file,
      });
    }
    return content;
  } catch (error) {
    if (error instanceof BackupError || errnoOf(error) === undefined) throw error;
    throw unusable(file, `it cannot be read (${errnoOf(error)})`);
  }
}

interface OwnKey {
  readonly key: KeyObject;
  /** In the format of SSH. */
  readonly publicKey: Buffer;
}

/** The key in an unencrypted OpenSSH file of type Ed25519; null for all others. */
function plainEd25519(content: string): OwnKey | null {
  const [, body] = PRIVATE.exec(content) ?? [];
  if (body === undefined) return null;
  try {
    const outer = new SshReader(decodeBase64(body));
    if (outer.raw(15).toString('latin1') !== 'openssh-key-v1\0' || outer.text() !== 'none') return null;
    outer.string();
    outer.string();
    if (outer.number() !== 1) return null;
    const publicKey = outer.string();
    const inner = new SshReader(outer.string());
    if (inner.number() !== inner.number() || inner.text() !== TYPE) return null;
    inner.string();
    const secret = inner.string().subarray(0, 32);
    const key = createPrivateKey({ key: Buffer.concat([PKCS8, secret]), format: 'der', type: 'pkcs8' });
    return { key, publicKey };
  } catch (error) {
    // ssh-keygen says what is wrong with it.
    if (error instanceof Malformed) return null;
    throw error;
  }
}

function signHere({ key, publicKey }: OwnKey, message: Uint8Array, namespace: string): string {
  const hash = 'sha512';
  const bytes = sign(null, signedBytes(message, namespace, hash), key);
  const signature = Buffer.concat([sshString(TYPE), sshString(bytes)]);
  return formatSshsig({ key: publicKey, namespace, hash, signature });
}

/** ssh-keygen asks for a passphrase on the terminal, or by SSH_ASKPASS. */
async function signByProgram(keyFile: string, message: Uint8Array, namespace: string): Promise<string> {
  // To a terminal it says itself that a security key waits for a touch, and why it fails; it says neither where stderr is none.
  const isSeen = isatty(2);
  const args = ['-Y', 'sign', '-f', keyFile, '-n', namespace];
  const child = spawn('ssh-keygen', args, { stdio: ['pipe', 'pipe', isSeen ? 'inherit' : 'pipe'] });
  const [out, said]: [Buffer[], Buffer[]] = [[], []];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => said.push(chunk));
  // If it ended without reading, its exit code says more.
  child.stdin?.on('error', () => {});
  child.stdin?.end(message);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', (cause) =>
      reject(
        errnoOf(cause) === 'ENOENT'
          ? new BackupError('KEY_UNUSABLE', `ssh-keygen, which signs with ${keyFile}, is not installed`, {
              hint: 'Install OpenSSH, or sign with an Ed25519 key file that has no passphrase.',
              path: keyFile,
              cause,
            })
          : cause,
      ),
    );
  });
  if (code === 0) return Buffer.concat(out).toString('utf8');
  if (isSeen) throw unusable(keyFile, 'ssh-keygen does not sign with it, and says above why');
  const [last = 'it says nothing'] = Buffer.concat(said).toString('utf8').trim().split('\n').slice(-1);
  throw unusable(keyFile, `ssh-keygen does not sign with it: ${last.trim()}`);
}

/** Throws KEY_UNUSABLE also for keys whose signatures are not verified here, such as certificates. */
function isMadeFor(text: string, message: Uint8Array, namespace: string, keyFile: string): boolean {
  try {
    const made = parseSshsig(text);
    return made.namespace === namespace && fitsMessage(made, message);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw unusable(keyFile, `the signature that was made with it ${error.message}`);
  }
}

function unusable(file: string, why: string): BackupError {
  return new BackupError('KEY_UNUSABLE', `the key ${file} cannot sign: ${why}`, {
    hint: 'Name a private key of OpenSSH, or the .pub file of a key that the agent has (ssh-add -l shows them).',
    path: file,
  });
}
