import { createHash, type Hash } from 'node:crypto';
import type { ClientRequest } from 'node:http';
import { Readable } from 'node:stream';
import type { FileReader } from '../../fs/readable-file.ts';
import { alteredHere, type LocalFile } from './remote.ts';

const BLOCK_BYTES = 1 << 18;

/**
 * A range of a local file that is the body of a request. It is read twice, a block at a time, to be hashed and to be sent: so parts take no memory of their
 * size, however many are under way.
 */
export class FilePart {
  readonly length: number;
  readonly sha256: Buffer;
  readonly #reader: FileReader;
  readonly #from: number;
  readonly #file: LocalFile;

  /**
   * Hashes the range. Throws BACKUP_DAMAGED if the file has become shorter.
   * @param most bytes of the range, which ends with the file
   * @param whole is updated with it, if any
   */
  constructor(file: LocalFile, reader: FileReader, from: number, most: number, whole: Hash | null) {
    const length = Math.min(most, file.size - from);
    this.length = length;
    this.#reader = reader;
    this.#from = from;
    this.#file = file;
    const hash = createHash('sha256');
    const block = Buffer.allocUnsafeSlow(Math.min(BLOCK_BYTES, length));
    for (let at = 0; at < length; at += BLOCK_BYTES) {
      const bytes = this.read(block, at);
      hash.update(bytes);
      whole?.update(bytes);
    }
    this.sha256 = hash.digest();
  }

  /** The block at this position. */
  read(block: Buffer, at: number): Buffer {
    const bytes = block.subarray(0, Math.min(block.length, this.length - at));
    if (this.#reader.read(bytes, this.#from + at) < bytes.length) throw alteredHere(this.#file);
    return bytes;
  }

  /** The body for one attempt to send it. */
  body(): PartBody {
    return new PartBody(this, this.#file);
  }
}

/**
 * Sends a part through one buffer, which takes the next block when the system has taken the last one: a stream of Node's would leave half of the file as
 * garbage, which is collected late. A part that is no longer what was hashed is not sent whole.
 */
class PartBody extends Readable {
  readonly #part: FilePart;
  readonly #file: LocalFile;
  #request: ClientRequest | null = null;

  constructor(part: FilePart, file: LocalFile) {
    super();
    this.#part = part;
    this.#file = file;
  }

  override pipe<T extends NodeJS.WritableStream>(request: T): T {
    const to: ClientRequest = Object.assign(request);
    this.#request = to;
    const { length, sha256 } = this.#part;
    const block = Buffer.allocUnsafeSlow(Math.min(BLOCK_BYTES, length));
    const hash = createHash('sha256');
    const next = (at: number): void => {
      // The answer may have come before all was sent; then the file may be closed.
      if (this.destroyed || to.destroyed) return;
      try {
        const bytes = this.#part.read(block, at);
        hash.update(bytes);
        const end = at + bytes.length;
        if (end === length && !hash.digest().equals(sha256)) throw alteredHere(this.#file);
        to.write(bytes, (error) => {
          if (error !== null && error !== undefined) return;
          if (end === length) to.end();
          else next(end);
        });
      } catch (error) {
        to.destroy(error instanceof Error ? error : new Error(String(error)));
      }
    };
    next(0);
    return request;
  }

  override _read(): void {}

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (this.#request?.writableEnded === false) this.#request.destroy();
    done(error);
  }
}
