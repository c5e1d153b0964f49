import type { FileHash } from './file-hash.ts';
import type { FramedFile, Piece } from './framed-file.ts';
import { freeMemory, SharedMemory } from './buffer-memory.ts';
import { PIECE_BYTES } from './seek-table.ts';

const NOTHING = Buffer.alloc(0);

/** Why bytes are not available: a damaged piece, or null for the end of the content. */
export interface Damage {
  readonly piece: Piece | null;
}

export type Bytes = Buffer | Damage;

export function isDamage(bytes: Bytes): bytes is Damage {
  return !Buffer.isBuffer(bytes);
}

/**
 * Reads a framed file's content forward, piece by piece: either every piece, decompressed ahead, or only the pieces that are needed. The bytes that
 * it returns are part of the current piece. They are gone after the next call that fetches another piece, unless somebody retains the memory.
 */
export class PieceCursor {
  readonly #framed: FramedFile;
  readonly #stream: AsyncGenerator<Piece> | null;
  #piece: Piece | null = null;
  #memory = new SharedMemory(NOTHING);
  #seen: ((piece: Piece) => void) | undefined;

  constructor(framed: FramedFile, options: { hash?: FileHash; everything: boolean; onPiece?: (piece: Piece) => void }) {
    this.#framed = framed;
    this.#stream = options.everything ? framed.stream(options.hash) : null;
    this.#seen = options.onPiece;
  }

  /** The bytes from `position` to the end of their piece, at most `length`. Undefined if that is not the current piece. */
  atHand(position: number, length: number): Bytes | undefined {
    const piece = this.#piece;
    if (piece === null || piece.number !== Math.floor(position / PIECE_BYTES)) return undefined;
    if (piece.bytes === null) return { piece };
    const from = position - piece.offset;
    if (from >= piece.size) return { piece: null };
    return piece.bytes.subarray(from, from + length);
  }

  /** The same, but fetches the piece first. Positions may only rise. */
  async chunk(position: number, length: number): Promise<Bytes> {
    const number = Math.floor(position / PIECE_BYTES);
    if (number >= this.#framed.pieces) return { piece: null };
    while (this.#piece === null || this.#piece.number < number) {
      const next = await this.#fetch(number);
      if (next === null) return { piece: null };
      this.#memory.release();
      this.#memory = new SharedMemory(next.bytes ?? NOTHING);
      this.#piece = next;
      this.#seen?.(next);
    }
    return this.atHand(position, length) ?? { piece: null };
  }

  /** The memory of the current piece. A reader that still needs it when the next piece is fetched has to retain it. */
  get memory(): SharedMemory {
    return this.#memory;
  }

  /** Hands over the bytes that `chunk` returned, if they are a whole piece that nobody retains. Returns whether they belong to the caller now. */
  transfer(bytes: Buffer): boolean {
    if (bytes.length !== this.#piece?.size || this.#memory.isShared) return false;
    this.#piece = null;
    this.#memory = new SharedMemory(NOTHING);
    return true;
  }

  /** Exactly `length` bytes, gathered from several pieces if necessary. */
  async exactly(position: number, length: number): Promise<Bytes> {
    const first = await this.chunk(position, length);
    if (isDamage(first) || first.length === length) return first;
    // This must be a copy, because the piece is freed by the next call.
    const parts: Buffer[] = [Buffer.from(first)];
    for (let have = first.length; have < length;) {
      const more = await this.chunk(position + have, length - have);
      if (isDamage(more)) return more;
      if (more.length === 0) return { piece: null };
      parts.push(more);
      have += more.length;
    }
    return Buffer.concat(parts);
  }

  /** Reads the rest, for the file's hash and to see damage after the last member. */
  async drain(): Promise<void> {
    if (this.#stream === null) return;
    for await (const piece of this.#stream) {
      this.#seen?.(piece);
      if (piece.bytes !== null) freeMemory(piece.bytes);
    }
  }

  async #fetch(number: number): Promise<Piece | null> {
    if (this.#stream === null) return this.#framed.piece(number);
    const next = await this.#stream.next();
    return next.done ? null : next.value;
  }
}
