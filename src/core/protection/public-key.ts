import { createHash, createPublicKey, verify, type JsonWebKey, type KeyObject } from 'node:crypto';
import { Malformed, SshReader, sshNumber } from './ssh-wire.ts';

/** ECDSA: name of the curve in SSH, in a JWK, its hash, bytes of a coordinate. */
const CURVES: Readonly<Record<string, readonly [jwk: string, hash: string, bytes: number]>> = {
  nistp256: ['P-256', 'sha256', 32],
  nistp384: ['P-384', 'sha384', 48],
  nistp521: ['P-521', 'sha512', 66],
};
/** OpenSSH takes no shorter RSA keys either. */
const MIN_RSA_BYTES = 128;

/** `SHA256:…`, as ssh-keygen -l says it. */
export function fingerprintOf(key: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replaceAll('=', '')}`;
}

/** The type that a key states, such as `ssh-ed25519`. Throws Malformed. */
export function typeOf(key: Uint8Array): string {
  return new SshReader(key).text();
}

/**
 * Whether `signature` (in the format of SSH: algorithm and bytes) was made by `key` over `message`. Throws Malformed for a key or a signature that
 * is malformed or of a type that is not supported.
 */
export function verifySignature(key: Uint8Array, signature: Uint8Array, message: Uint8Array): boolean {
  const keys = new SshReader(key);
  const type = keys.text();
  const fields = new SshReader(signature);
  const algorithm = fields.text();
  const bytes = fields.string();
  if (type === 'ssh-ed25519') {
    requireAlgorithm(algorithm, [type]);
    return ends(keys, fields, edKey(keys.string()), (pub) => verify(null, message, pub, bytes));
  }
  if (type === 'ssh-rsa') {
    // `ssh-rsa` itself is SHA-1, which PROTOCOL.sshsig forbids.
    requireAlgorithm(algorithm, ['rsa-sha2-256', 'rsa-sha2-512']);
    const [e, n] = [keys.string(), unsigned(keys.string())];
    if (n.length < MIN_RSA_BYTES || bytes.length > n.length) throw new Malformed('is of an RSA key of a wrong size');
    const padded = Buffer.concat([Buffer.alloc(n.length - bytes.length), bytes]);
    const hash = algorithm === 'rsa-sha2-256' ? 'sha256' : 'sha512';
    const jwk = { kty: 'RSA', n: n.toString('base64url'), e: unsigned(e).toString('base64url') };
    return ends(keys, fields, fromJwk(jwk), (pub) => verify(hash, message, pub, padded));
  }
  if (type.startsWith('ecdsa-sha2-')) {
    const name = keys.text();
    const curve = CURVES[name];
    if (curve === undefined || type !== `ecdsa-sha2-${name}`) throw new Malformed(`is of a key of type ${type}`);
    requireAlgorithm(algorithm, [type]);
    const [crv, hash, size] = curve;
    const point = keys.string();
    if (point.length !== 1 + 2 * size || point[0] !== 4) throw new Malformed('is of a malformed key');
    const x = point.toString('base64url', 1, 1 + size);
    const y = point.toString('base64url', 1 + size);
    const numbers = new SshReader(bytes);
    const pair = Buffer.concat([filled(numbers.string(), size), filled(numbers.string(), size)]);
    numbers.end();
    const pub = fromJwk({ kty: 'EC', crv, x, y });
    return ends(keys, fields, pub, (one) => verify(hash, message, { key: one, dsaEncoding: 'ieee-p1363' }, pair));
  }
  if (type === 'sk-ssh-ed25519@openssh.com') {
    requireAlgorithm(algorithm, [type]);
    const pub = edKey(keys.string());
    const application = keys.string();
    const [flags, counter] = [fields.raw(1), fields.number()];
    // The lowest bit says that somebody touched it.
    if (((flags[0] ?? 0) & 1) === 0) throw new Malformed('was made without a touch of the security key');
    const sha256 = (content: Uint8Array): Buffer => createHash('sha256').update(content).digest();
    const signed = Buffer.concat([sha256(application), flags, sshNumber(counter), sha256(message)]);
    return ends(keys, fields, pub, (one) => verify(null, signed, one, bytes));
  }
  throw new Malformed(
    type.includes('-cert-')
      ? `is of a certificate (${type}), and certificates are not supported`
      : `is of a key of type ${JSON.stringify(type)}, which is not supported`,
  );
}

/** Judges only if key and signature hold nothing else. */
function ends(keys: SshReader, fields: SshReader, key: KeyObject, judge: (key: KeyObject) => boolean): boolean {
  keys.end();
  fields.end();
  return judge(key);
}

function requireAlgorithm(algorithm: string, allowed: readonly string[]): void {
  if (!allowed.includes(algorithm))
    throw new Malformed(`has the algorithm ${JSON.stringify(algorithm)}, which is not one of its key`);
}

function edKey(bytes: Buffer): KeyObject {
  if (bytes.length !== 32) throw new Malformed('is of a malformed key');
  return fromJwk({ kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') });
}

function fromJwk(jwk: JsonWebKey): KeyObject {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    throw new Malformed('is of a malformed key');
  }
}

/** A positive number without the zero that marks it as positive. */
function unsigned(bytes: Buffer): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  return start < 0 ? Buffer.alloc(0) : bytes.subarray(start);
}

function filled(bytes: Buffer, size: number): Buffer {
  const number = unsigned(bytes);
  if (number.length > size) throw new Malformed('has a number that is too large');
  return Buffer.concat([Buffer.alloc(size - number.length), number]);
}
