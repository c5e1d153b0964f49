import fs from 'node:fs';
import zlib from 'node:zlib';
import { InFlight } from '../concurrency/in-flight.ts';
import { isNoFile, openRegular } from '../fs/regular-file.ts';
import { errnoOf } from '../model/backup-error.ts';
import type { Compression } from '../model/category.ts';
import type { FileHash } from './file-hash.ts';
import { absentRangesOf, type AbsentRanges } from './absent-ranges.ts';
import { freeMemory } from './buffer-memory.ts';
import { frameProblem } from './zstd-frame.ts';
import { parseSeekTable, PIECE_BYTES, SEEK_FOOTER_BYTES, seekTableSize, type Frame } from './seek-table.ts';

/** One piece of the content, in order: its bytes, or why there are none. */
export interface Piece {
  readonly number: number;
  /** Where it begins in the content. */
  readonly offset: number;
  readonly size: number;
  readonly bytes: Buffer | null;
  readonly problem?: string;
}

/** How many pieces are decompressed ahead on libuv's pool. */
const AHEAD = 3;
/** The smallest chunk that zlib takes. */
const MIN_CHUNK = 64;
/** What is fetched at once of the end of a file that is fetched when it is read. It has the table of 8,000 frames. */
const TAIL_BYTES = 64 << 10;

/** Reads a framed (or plain) file piece by piece; never trusts a size that its own table does not give. */
export class FramedFile {
  readonly size: number;
  readonly contentSize: number;
  readonly pieces: number;
  readonly #fd: number;
  readonly #frames: readonly Frame[] | null;
  readonly #absent: AbsentRanges | undefined;

  private constructor(file: string, fd: number, size: number, frames: readonly Frame[] | null) {
    this.#fd = fd;
    this.#absent = absentRangesOf(file);
    this.size = size;
    this.#frames = frames;
    this.pieces = frames === null ? Math.ceil(size / PIECE_BYTES) : frames.length;
    this.contentSize = frames === null ? size : frames.reduce((total, frame) => total + frame.size, 0);
  }

  /** Opens a file and reads its seek table. If the file or its table is unusable, this returns what is wrong. I/O errors are thrown. */
  static open(file: string, compression: Compression): FramedFile | { problem: string } {
    let fd: number;
    try {
      fd = openRegular(file);
    } catch (error) {
      if (isNoFile(error)) return { problem: 'is missing or is not a regular file' };
      throw error;
    }
    const size = fs.fstatSync(fd).size;
    if (compression === 'none') return new FramedFile(file, fd, size, null);
    const table = readTable(fd, size);
    if ('problem' in table) {
      fs.closeSync(fd);
      return table;
    }
    return new FramedFile(file, fd, size, table.frames);
  }

  /** The same for a file that may be fetched when it is read: what its table needs is fetched first. */
  static async openFetched(file: string, compression: Compression): Promise<FramedFile | { problem: string }> {
    const absent = absentRangesOf(file);
    if (absent !== undefined && compression === 'zstd') {
      const { size } = fs.statSync(file);
      await absent.need(Math.max(0, size - TAIL_BYTES), size);
      const fd = openRegular(file);
      try {
        const found = readTableSize(fd, size);
        if (!('problem' in found)) await absent.need(size - found.size, size);
      } finally {
        fs.closeSync(fd);
      }
    }
    return FramedFile.open(file, compression);
  }

  close(): void {
    fs.closeSync(this.#fd);
  }

  /** Whether parts of the file are fetched when they are read. */
  get isPartly(): boolean {
    return this.#absent !== undefined;
  }

  /** Fetches at once what the content from `from` to before `to` needs. It may reach beyond the end. */
  async fetch(from: number, to: number): Promise<void> {
    const last = Math.min(this.pieces - 1, Math.floor((to - 1) / PIECE_BYTES));
    const first = Math.floor(from / PIECE_BYTES);
    if (this.#absent === undefined || first > last) return;
    const end = this.#locate(last);
    await this.#absent.need(this.#locate(first).position, end.position + end.stored);
  }

  /** Decompresses one piece on libuv's pool. The result is exactly as long as the table says, or a problem. */
  async piece(number: number, hash?: FileHash): Promise<Piece> {
    const at = this.#locate(number);
    if (this.#absent !== undefined) await this.#absent.need(at.position, at.position + at.stored);
    if (this.#frames === null) {
      // The caller keeps these bytes, so they must not be in the room of the hash.
      const bytes = this.#read(at.position, Buffer.allocUnsafe(at.stored));
      await hash?.update(bytes);
      return this.#judge(number, at.offset, at.size, bytes);
    }
    const raw = this.#read(at.position, hash?.reserve(at.stored) ?? Buffer.allocUnsafe(at.stored));
    const hashed = hash?.update(raw);
    // Both are awaited together, because hashing may fail while decompression is under way.
    const [content] = await Promise.all([frameProblem(raw) ?? decompress(raw, at.size), hashed]);
    if (hash === undefined) freeMemory(raw);
    else hash.release(raw);
    return this.#judge(number, at.offset, at.size, content);
  }

  /** The same, synchronously on this thread. Its bytes must have been fetched. */
  pieceSync(number: number): Piece {
    const at = this.#locate(number);
    if (this.#absent?.has(at.position, at.position + at.stored) === false)
      throw new Error('read before it was fetched');
    const raw = this.#read(at.position, Buffer.allocUnsafe(at.stored));
    if (this.#frames === null) return this.#judge(number, at.offset, at.size, raw);
    const content = frameProblem(raw) ?? decompressSync(raw, at.size);
    freeMemory(raw);
    return this.#judge(number, at.offset, at.size, content);
  }

  /**
   * All pieces in order, with a few decompressed ahead. With `hash`, every byte of the file is hashed (the seek table too), so that the checksum of
   * the file needs no second read.
   */
  async *stream(hash?: FileHash): AsyncGenerator<Piece> {
    const flying = new InFlight<Piece>();
    let next = 0;
    const launch = (): void => {
      while (flying.length < AHEAD && next < this.pieces) flying.push(this.piece(next++, hash));
    };
    for (launch(); flying.length > 0; launch()) {
      const piece = await flying.take();
      launch();
      if (piece !== undefined) yield piece;
    }
    if (this.#frames !== null) await this.#hashTail(hash);
  }

  async #hashTail(hash: FileHash | undefined): Promise<void> {
    const last = this.#frames?.at(-1);
    const from = last === undefined ? 0 : last.position + last.compressedSize;
    if (hash !== undefined) await hash.update(this.#read(from, hash.reserve(this.size - from)));
  }

  #locate(number: number): { position: number; stored: number; offset: number; size: number } {
    const offset = number * PIECE_BYTES;
    const frame = this.#frames?.[number];
    if (frame !== undefined)
      return { position: frame.position, stored: frame.compressedSize, offset, size: frame.size };
    const size = Math.min(PIECE_BYTES, this.size - offset);
    return { position: offset, stored: size, offset, size };
  }

  /** Fills `into` as far as the file goes, and returns what was read. */
  #read(position: number, into: Buffer): Buffer {
    let done = 0;
    while (done < into.length) {
      const read = fs.readSync(this.#fd, into, done, into.length - done, position + done);
      if (read === 0) break;
      done += read;
    }
    return into.subarray(0, done);
  }

  #judge(number: number, offset: number, size: number, content: Buffer | string): Piece {
    const head = { number, offset, size, bytes: null };
    if (typeof content === 'string') return { ...head, problem: content };
    if (content.length !== size) {
      // A plain file has become shorter since it was opened.
      const has = this.#frames === null ? 'has' : 'decompresses to';
      return { ...head, problem: `${has} ${content.length} bytes instead of ${size}` };
    }
    return { ...head, bytes: content };
  }
}

function readTableSize(fd: number, size: number): { size: number } | { problem: string } {
  if (size < SEEK_FOOTER_BYTES) return { problem: 'the file is too short' };
  const footer = Buffer.alloc(SEEK_FOOTER_BYTES);
  fs.readSync(fd, footer, 0, footer.length, size - footer.length);
  return seekTableSize(footer, size);
}

function readTable(fd: number, size: number): { frames: Frame[] } | { problem: string } {
  const found = readTableSize(fd, size);
  if ('problem' in found) return found;
  const table = Buffer.alloc(found.size);
  fs.readSync(fd, table, 0, table.length, size - table.length);
  return parseSeekTable(table, size);
}

/** Room for the whole piece at once, and one byte more, because zlib asks for another chunk when one is full. Never more output than the table says. */
function limits(size: number): zlib.ZstdOptions {
  return { maxOutputLength: Math.max(size, 1), chunkSize: Math.max(size + 1, MIN_CHUNK) };
}

/** The content, at most `size` bytes, or what is wrong. */
function decompress(raw: Buffer, size: number): Promise<Buffer | string> {
  return new Promise((resolve) => {
    zlib.zstdDecompress(raw, limits(size), (error, content) => {
      resolve(error === null ? content : notDecompressed(error));
    });
  });
}

function decompressSync(raw: Buffer, size: number): Buffer | string {
  try {
    return zlib.zstdDecompressSync(raw, limits(size));
  } catch (error) {
    return notDecompressed(error);
  }
}

function notDecompressed(error: unknown): string {
  return `cannot be decompressed (${errnoOf(error) ?? String(error)})`;
}
