import { createHash } from 'node:crypto';
import { verifySignature } from './public-key.ts';
import { decodeBase64, Malformed, SshReader, sshNumber, sshString } from './ssh-wire.ts';

const MAGIC = 'SSHSIG';
const ARMOR = /^-----BEGIN SSH SIGNATURE-----\r?\n([\s\S]+?)\r?\n-----END SSH SIGNATURE-----\r?\n?$/;
const HASHES = ['sha256', 'sha512'];

/** A signature as `ssh-keygen -Y sign` writes it (PROTOCOL.sshsig of OpenSSH). Nothing in it is proven by reading it. */
export interface Sshsig {
  /** The public key that it says it is of, in the format of SSH. */
  readonly key: Buffer;
  readonly namespace: string;
  readonly hash: string;
  /** Algorithm and bytes, in the format of SSH. */
  readonly signature: Buffer;
}

/** Throws Malformed. */
export function parseSshsig(text: string): Sshsig {
  const [, body] = ARMOR.exec(text) ?? [];
  if (body === undefined) throw new Malformed('is not an SSH signature');
  const reader = new SshReader(decodeBase64(body));
  if (reader.raw(MAGIC.length).toString('latin1') !== MAGIC) throw new Malformed('is not an SSH signature');
  const version = reader.number();
  if (version !== 1) throw new Malformed(`is of version ${version}, which is not supported`);
  const key = reader.string();
  const namespace = reader.text();
  reader.string();
  const hash = reader.text();
  const signature = reader.string();
  reader.end();
  if (!HASHES.includes(hash)) throw new Malformed(`has the hash ${JSON.stringify(hash)}, which is not supported`);
  return { key, namespace, hash, signature };
}

/** The text of a signature file. */
export function formatSshsig({ key, namespace, hash, signature }: Sshsig): string {
  const fields = [key, namespace, '', hash, signature].map((field) => sshString(field));
  const body = Buffer.concat([Buffer.from(MAGIC), sshNumber(1), ...fields]).toString('base64');
  const lines = body.match(/.{1,70}/g) ?? [];
  return ['-----BEGIN SSH SIGNATURE-----', ...lines, '-----END SSH SIGNATURE-----', ''].join('\n');
}

/** What the key really signs for a message. */
export function signedBytes(message: Uint8Array, namespace: string, hash: string): Buffer {
  const digest = createHash(hash).update(message).digest();
  return Buffer.concat([Buffer.from(MAGIC), ...[namespace, '', hash, digest].map((field) => sshString(field))]);
}

/** Whether its key made it over this message, in its namespace. Throws Malformed for a key or an algorithm that is not supported. */
export function fitsMessage({ key, namespace, hash, signature }: Sshsig, message: Uint8Array): boolean {
  return verifySignature(key, signature, signedBytes(message, namespace, hash));
}
