import { freeMemory } from '../format/buffer-memory.ts';
import { gather } from '../format/gather.ts';
import { BackupError } from '../model/backup-error.ts';
import {
  CHUNK_BYTES,
  chunkCount,
  openChunk,
  PAYLOAD_NONCE_BYTES,
  payloadKey,
  sealedIn,
  SEALED_CHUNK_BYTES,
} from './chunk.ts';
import { HEAD_BYTES } from './sealed-file.ts';

/** Bytes that somebody else keeps, and that can be read from any place. */
export interface Ciphertext {
  /** By which messages call it. */
  readonly name: string;
  readonly size: number;
  /** The bytes from `from` to before `to`, in order. */
  read(from: number, to: number): AsyncGenerator<Buffer>;
}

/** How many bytes are sealed in an age file of ours. Throws BACKUP_DAMAGED if it cannot be one. */
export function sizeInside({ name, size }: Pick<Ciphertext, 'name' | 'size'>): number {
  const bytes = sealedIn(size - HEAD_BYTES);
  if (bytes === null) throw notSealed(name, `has ${size} bytes, which no file has that migbackup encrypts`);
  return bytes;
}

/** An age file of ours, and the plaintext in it. It is opened when it is first read, and the last chunk then proves its length. */
export class OpenedFile {
  /** Of the plaintext, in bytes. */
  readonly size: number;
  readonly #from: Ciphertext;
  readonly #identity: string;
  #opened: Promise<Opened> | null = null;

  /** Throws BACKUP_DAMAGED. @param identity of the copy or the export: `AGE-SECRET-KEY-1…` */
  constructor(from: Ciphertext, identity: string) {
    this.size = sizeInside(from);
    this.#from = from;
    this.#identity = identity;
  }

  /** The bytes of the plaintext from `from` to before `to`, in chunks. Throws BACKUP_DAMAGED before it gives out any that were not sealed so. */
  async *read(from: number, to: number): AsyncGenerator<Buffer> {
    const end = Math.min(to, this.size);
    this.#opened ??= this.#open();
    const { key, last } = await this.#opened;
    if (from >= end) return;
    const first = Math.floor(from / CHUNK_BYTES);
    const count = chunkCount(this.size);
    const stop = Math.ceil(end / CHUNK_BYTES);
    let number = first;
    const within = (plain: Buffer): Buffer => {
      const at = number++ * CHUNK_BYTES;
      return plain.subarray(Math.max(0, from - at), Math.min(plain.length, end - at));
    };
    // The last chunk is here already.
    const read = this.#from.read(placeOf(first), placeOf(Math.min(stop, count - 1)));
    if (first < count - 1) for await (const sealed of inChunks(read)) yield within(this.#chunk(key, number, sealed));
    if (stop === count) yield within(last);
  }

  #chunk(key: Buffer, number: number, sealed: Buffer): Buffer {
    const isLast = placeOf(number) + sealed.length === this.#from.size;
    const plain = openChunk(key, number, isLast, sealed);
    if (plain === null) throw notSealed(this.#from.name, `was altered: its chunk ${number} does not open`);
    return plain;
  }

  async #open(): Promise<Opened> {
    const { name, size } = this.#from;
    // A small file is read at once, others at both ends.
    const isSmall = size <= HEAD_BYTES + SEALED_CHUNK_BYTES;
    const start = await gather(this.#from.read(0, isSmall ? size : HEAD_BYTES));
    const key = await keyIn(start, this.#identity, name);
    const last = chunkCount(this.size) - 1;
    const end = isSmall ? start.subarray(HEAD_BYTES) : await gather(this.#from.read(placeOf(last), size));
    return { key, last: this.#chunk(key, last, end) };
  }
}

interface Opened {
  readonly key: Buffer;
  /** The plaintext of the last chunk. */
  readonly last: Buffer;
}

/** Where a chunk begins. */
function placeOf(number: number): number {
  return HEAD_BYTES + number * SEALED_CHUNK_BYTES;
}

/** An age file of ours whose bytes come in order, once. */
export interface CiphertextInOrder {
  /** By which messages call it. */
  readonly name: string;
  readonly size: number;
  readonly content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/**
 * The plaintext of an age file, in chunks of which each is there until the next one is asked for. Throws BACKUP_DAMAGED before it gives out a chunk that was
 * not sealed so, and if the file ends before or after its last chunk.
 */
export async function* openInOrder(from: CiphertextInOrder, identity: string): AsyncGenerator<Buffer> {
  const { name, content } = from;
  const count = chunkCount(sizeInside(from));
  let key: Buffer | null = null;
  let number = 0;
  for await (const bytes of inChunks(content, HEAD_BYTES)) {
    if (key === null) {
      key = await keyIn(bytes, identity, name);
      continue;
    }
    const plain = openChunk(key, number, number === count - 1, bytes);
    if (plain === null) throw notSealed(name, `was altered: its chunk ${number} does not open`);
    yield plain;
    freeMemory(plain);
    number++;
  }
  if (number !== count) throw notSealed(name, 'has another size than it states');
}

/** The key of the payload. @param start the header and the nonce, and maybe more */
async function keyIn(start: Buffer, identity: string, name: string): Promise<Buffer> {
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  const header = start.subarray(0, HEAD_BYTES - PAYLOAD_NONCE_BYTES);
  try {
    return payloadKey(await decrypter.decryptHeader(header), start.subarray(header.length, HEAD_BYTES));
  } catch (error) {
    throw notSealed(name, 'does not open with the key that is in KEYS.age', error);
  }
}

/** The same bytes, a sealed chunk at a time. @param first how many come first */
async function* inChunks(from: CiphertextInOrder['content'], first = SEALED_CHUNK_BYTES): AsyncGenerator<Buffer> {
  const whole = Buffer.allocUnsafeSlow(SEALED_CHUNK_BYTES);
  let has = 0;
  let wanted = first;
  for await (let bytes of from) {
    while (bytes.length > 0) {
      const taken = Math.min(bytes.length, wanted - has);
      whole.set(bytes.subarray(0, taken), has);
      has += taken;
      bytes = bytes.subarray(taken);
      if (has < wanted) continue;
      yield whole.subarray(0, has);
      has = 0;
      wanted = SEALED_CHUNK_BYTES;
    }
  }
  if (has > 0) yield whole.subarray(0, has);
}

function notSealed(name: string, what: string, cause?: unknown): BackupError {
  return new BackupError('BACKUP_DAMAGED', `${name} ${what}`, {
    hint: 'Use another copy or export, and make this one again from where the backup is whole.',
    ...(cause === undefined ? {} : { cause }),
  });
}
