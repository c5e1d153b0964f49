import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';

/*
 * The payload of an age file (age-encryption.org/v1, "Payload"): chunks of 64 KiB, each sealed by ChaCha20-Poly1305 under one key, with its number and
 * whether it is the last as the nonce. So each can be made and opened by itself, and a payload that was cut or reordered does not open.
 */

export const CHUNK_BYTES = 65_536;
const TAG_BYTES = 16;
export const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;
/** The nonce that the payload key is derived with; it stands between header and payload. */
export const PAYLOAD_NONCE_BYTES = 16;

/** How many chunks a plaintext of so many bytes has. An empty one has an empty chunk. */
export function chunkCount(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / CHUNK_BYTES));
}

/** The length of the sealed chunks of so many bytes. */
export function payloadBytes(bytes: number): number {
  return bytes + TAG_BYTES * chunkCount(bytes);
}

/** How many bytes are sealed in a payload of this length; null if no payload has it. */
export function sealedIn(payload: number): number | null {
  const chunks = Math.ceil(payload / SEALED_CHUNK_BYTES);
  const bytes = payload - TAG_BYTES * chunks;
  return payload >= TAG_BYTES && bytes >= 0 && payloadBytes(bytes) === payload ? bytes : null;
}

/** The key of a payload. @param nonce 16 bytes */
export function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', fileKey, nonce, 'payload', 32));
}

function nonceOf(number: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(number, 5, 6);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}

export interface SealedChunk {
  /** As long as the plaintext. */
  readonly bytes: Buffer;
  /** 16 bytes. With the same key and number, another plaintext has another one. */
  readonly tag: Buffer;
}

/** Seals at most 64 KiB. */
export function sealChunk(key: Buffer, number: number, isLast: boolean, plain: Buffer): SealedChunk {
  const cipher = createCipheriv('chacha20-poly1305', key, nonceOf(number, isLast), { authTagLength: TAG_BYTES });
  const bytes = cipher.update(plain);
  cipher.final();
  return { bytes, tag: cipher.getAuthTag() };
}

/** The plaintext of a sealed chunk; null if it is not the chunk of this number, under this key. */
export function openChunk(key: Buffer, number: number, isLast: boolean, sealed: Buffer): Buffer | null {
  if (sealed.length < TAG_BYTES) return null;
  const cipher = createDecipheriv('chacha20-poly1305', key, nonceOf(number, isLast), { authTagLength: TAG_BYTES });
  cipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  const plain = cipher.update(sealed.subarray(0, -TAG_BYTES));
  try {
    cipher.final();
    return plain;
  } catch {
    return null;
  }
}
