import { createHash, randomBytes } from 'node:crypto';
import { collectNewGarbage, freeMemory } from '../format/buffer-memory.ts';
import { openReader, type FileReader } from '../fs/readable-file.ts';
import { BackupError, throwIfInterrupted } from '../model/backup-error.ts';
import { CHUNK_BYTES, PAYLOAD_NONCE_BYTES, SEALED_CHUNK_BYTES } from './chunk.ts';
import { chunkCount, payloadBytes, payloadKey, sealChunk } from './chunk.ts';

/** The header with one X25519 recipient, and the nonce after it. Every file of ours is sealed to one, so its size tells that of the plaintext. */
export const HEAD_BYTES = 184;
const TAG_BYTES = SEALED_CHUNK_BYTES - CHUNK_BYTES;
/** Each chunk has a cipher of its own, whose memory V8 does not see. */
const COLLECT_CHUNKS = 256;

/** All that decides into what a file is sealed, besides its bytes. Whoever has it can open the file. */
export interface Seal {
  /** The header of the age file, and the nonce of its payload. */
  readonly head: Buffer;
  /** The key of its payload, which must seal nothing but this one file. */
  readonly key: Buffer;
}

/** A new seal, for one file. @param recipient X25519: `age1…` */
export async function newSeal(recipient: string): Promise<Seal> {
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  let fileKey: Uint8Array | null = null;
  // This one adds nothing to the header. The library gives the key of the file to recipients alone.
  encrypter.addRecipient({
    wrapFileKey(key) {
      fileKey = Uint8Array.from(key);
      return [];
    },
  });
  const empty = await encrypter.encrypt(new Uint8Array(0));
  const header = empty.subarray(0, empty.length - PAYLOAD_NONCE_BYTES - payloadBytes(0));
  if (fileKey === null || header.length + PAYLOAD_NONCE_BYTES !== HEAD_BYTES)
    throw new Error('the header of an age file has another form');
  const nonce = randomBytes(PAYLOAD_NONCE_BYTES);
  return { head: Buffer.concat([header, nonce]), key: payloadKey(fileKey, nonce) };
}

/** A file that is to be sealed. */
export interface PlainFile {
  /** Absolute. */
  readonly file: string;
  /** By which messages call it. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** Hex. Whatever else is in the file is never sealed. */
  readonly sha256: string;
}

/** The size of an age file of ours. */
export function sealedSize(size: number): number {
  return HEAD_BYTES + payloadBytes(size);
}

/**
 * A file as age would encrypt it, made anew from the file on disk each time that it is read: the same bytes each time, so an upload can go on after the
 * process was killed. One key and nonce must never seal two plaintexts. So the file is first read whole, and must have its SHA-256; what is read later is
 * given out only if it has the tag that it had then, chunk for chunk.
 */
export class SealedFile {
  readonly size: number;
  /** Of the age file, hex. */
  readonly sha256: string;
  readonly #plain: PlainFile;
  readonly #seal: Seal;
  readonly #tags: Buffer;

  private constructor(plain: PlainFile, seal: Seal, sha256: string, tags: Buffer) {
    this.size = sealedSize(plain.size);
    this.sha256 = sha256;
    this.#plain = plain;
    this.#seal = seal;
    this.#tags = tags;
  }

  /** Reads the file once. Throws BACKUP_DAMAGED if it has another size or SHA-256, and INTERRUPTED. */
  static async make(plain: PlainFile, seal: Seal, signal?: AbortSignal): Promise<SealedFile> {
    const sealed = createHash('sha256').update(seal.head);
    const source = createHash('sha256');
    const count = chunkCount(plain.size);
    const tags = Buffer.allocUnsafeSlow(count * TAG_BYTES);
    const block = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    const reader = openReader(plain.file);
    try {
      for (let number = 0; number < count; number++) {
        const bytes = chunkOf(reader, plain, number, block);
        source.update(bytes);
        const chunk = sealChunk(seal.key, number, number === count - 1, bytes);
        sealed.update(chunk.bytes).update(chunk.tag);
        chunk.tag.copy(tags, number * TAG_BYTES);
        freeMemory(chunk.bytes);
        if (number % 16 !== 15) continue;
        if (number % COLLECT_CHUNKS === COLLECT_CHUNKS - 1) collectNewGarbage();
        throwIfInterrupted(signal);
        // Signals and progress need a turn.
        await new Promise(setImmediate);
      }
      if (reader.read(block, plain.size) > 0) throw altered(plain);
    } finally {
      reader.close();
    }
    if (source.digest('hex') !== plain.sha256) throw altered(plain);
    return new SealedFile(plain, seal, sealed.digest('hex'), tags);
  }

  /** Throws BACKUP_DAMAGED while it reads if the file on disk is no longer what it was. */
  open(): FileReader {
    const reader = openReader(this.#plain.file);
    const last = new LastChunk();
    const { head } = this.#seal;
    return {
      read: (into, at) => {
        let done = Math.max(0, Math.min(into.length, HEAD_BYTES - at));
        if (done > 0) head.copy(into, 0, at, at + done);
        while (done < into.length && at + done < this.size) {
          const inPayload = at + done - HEAD_BYTES;
          const number = Math.floor(inPayload / SEALED_CHUNK_BYTES);
          const chunk = last.number === number ? last.bytes : last.set(number, this.#chunk(reader, number, last.plain));
          done += chunk.copy(into, done, inPayload - number * SEALED_CHUNK_BYTES);
        }
        return done;
      },
      close: () => reader.close(),
    };
  }

  #chunk(reader: FileReader, number: number, block: Buffer): { bytes: Buffer; tag: Buffer } {
    const plain = chunkOf(reader, this.#plain, number, block);
    const isLast = number === chunkCount(this.#plain.size) - 1;
    if (number % COLLECT_CHUNKS === COLLECT_CHUNKS - 1) collectNewGarbage();
    const chunk = sealChunk(this.#seal.key, number, isLast, plain);
    const tag = this.#tags.subarray(number * TAG_BYTES, (number + 1) * TAG_BYTES);
    if (!chunk.tag.equals(tag)) throw altered(this.#plain);
    return chunk;
  }
}

/** Several blocks are read of each chunk. */
class LastChunk {
  readonly plain = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  readonly #sealed = Buffer.allocUnsafeSlow(SEALED_CHUNK_BYTES);
  number = -1;
  bytes = this.#sealed;

  set(number: number, { bytes, tag }: { bytes: Buffer; tag: Buffer }): Buffer {
    this.number = number;
    this.bytes = this.#sealed.subarray(0, bytes.length + TAG_BYTES);
    bytes.copy(this.bytes);
    tag.copy(this.bytes, bytes.length);
    freeMemory(bytes);
    return this.bytes;
  }
}

function chunkOf(reader: FileReader, plain: PlainFile, number: number, block: Buffer): Buffer {
  const length = Math.min(CHUNK_BYTES, plain.size - number * CHUNK_BYTES);
  const bytes = block.subarray(0, length);
  if (reader.read(bytes, number * CHUNK_BYTES) !== length) throw altered(plain);
  return bytes;
}

function altered({ name, file }: PlainFile): BackupError {
  return new BackupError('BACKUP_DAMAGED', `${name} is not what the list of artifacts says; it was not encrypted`, {
    hint: 'Take a new backup with migbackup create.',
    path: file,
  });
}
