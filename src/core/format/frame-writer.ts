import { createHash, type Hash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { InFlight } from '../concurrency/in-flight.ts';
import { flushMeanwhile, fsyncMeanwhile } from '../fs/durable.ts';
import { giveToFolderOwner } from '../fs/folder-owner.ts';
import type { Compression } from '../model/category.ts';
import { compressFrame } from './zstd-frame.ts';
import { freeMemory } from './buffer-memory.ts';
import { encodeSeekTable, PIECE_BYTES } from './seek-table.ts';

/** How many frames are compressed at the same time on libuv's pool: enough for two cores, and a limit on memory. */
const IN_FLIGHT = 3;
/** More than zstd ever adds to a piece that does not compress (ZSTD_COMPRESSBOUND: 1/256, and a little for small ones). */
const FRAME_OVERHEAD = 8 << 10;
const LEAST_OUTPUT = 64 << 10;
/** The room for the first frame, about which nothing is known. Frames of JSON and tables are smaller. */
const FIRST_OUTPUT = 256 << 10;
/** The room that the first piece has at first. It is small, because there is an archive for each category, and it may hold one small file. */
const FIRST_ROOM = 64 << 10;
const NO_PIECE = Buffer.alloc(0);
/** Whole pieces that no archive uses just now. They are kept, because fresh memory comes from the system page by page, which costs as much as filling it. */
const spare: Buffer[] = [];
/** After this many bytes a flush to the disk begins, so that little is left for the sync at the end. */
const FLUSH_BYTES = 16 << 20;

export interface FrameOptions {
  readonly compression: Compression;
  /** zstd level. */
  readonly level: number;
}

export interface WrittenFrames {
  /** Bytes of the file. */
  readonly size: number;
  readonly sha256: string;
  /** Bytes before compression. */
  readonly contentSize: number;
  readonly frames: number;
}

/** A place in the stream to return to, so that what came after it can be dropped. */
interface Mark {
  readonly frames: number;
  readonly used: number;
  /** The bytes of the open piece before the mark. They are kept when that piece is sent to be compressed. */
  prefix?: Buffer;
  /** The file as it was before the first frame after the mark. */
  file?: { readonly hash: Hash; readonly size: number };
}

/**
 * Cuts a byte stream into pieces of 1 MiB, compresses each as its own zstd frame on libuv's pool, and writes them in order,
 * hashing the file on the way. Callers read straight into `reserve()`, so nothing is copied. With `none`, the pieces are written as they are.
 */
export class FrameWriter {
  readonly #fd: number;
  #closed = false;
  readonly #options: FrameOptions;
  readonly #flying = new InFlight<Buffer>(IN_FLIGHT);
  readonly #sizes: { compressedSize: number; size: number }[] = [];
  #hash = createHash('sha256');
  #fileSize = 0;
  /** Bytes since the last flush began. */
  #unflushed = 0;
  #flushing = false;
  #flushed: Promise<unknown> | undefined;
  /** The size of the last frame. The next one will hardly be much bigger. */
  #lastFrame = FIRST_OUTPUT;
  /** The open piece. It has no room until somebody asks for it. */
  #piece: Buffer = NO_PIECE;
  #used = 0;
  #dispatched = 0;
  #mark: Mark | undefined;

  /** Makes the file (mode 0600); it must not exist yet. */
  constructor(file: string, options: FrameOptions) {
    this.#fd = fs.openSync(file, 'wx', 0o600);
    giveToFolderOwner(this.#fd, path.dirname(file));
    this.#options = options;
  }

  /** The number of bytes so far, before compression. */
  get position(): number {
    return this.#dispatched * PIECE_BYTES + this.#used;
  }

  /** The writable rest of the open piece, never empty. */
  reserve(): Buffer {
    if (this.#used === this.#piece.length) this.#grow();
    return this.#piece.subarray(this.#used);
  }

  /** Takes the first `bytes` of the last `reserve()`. */
  commit(bytes: number): void {
    this.#used += bytes;
    if (this.#used === PIECE_BYTES) this.#dispatch();
  }

  /** Copies small bytes in, across pieces if need be. */
  write(bytes: Uint8Array): void {
    let done = 0;
    while (done < bytes.length) {
      const room = this.reserve();
      const part = bytes.subarray(done, done + room.length);
      room.set(part);
      this.commit(part.length);
      done += part.length;
    }
  }

  /** True if more frames are under way than should be in memory: await `drain()` before going on. */
  get needsDrain(): boolean {
    return this.#flying.isOver;
  }

  async drain(): Promise<void> {
    while (this.#flying.isOver) await this.#landOne();
  }

  /** Remembers this place, for a later `rollback` to return to. There is only one mark. */
  mark(): void {
    this.#mark = { frames: this.#dispatched, used: this.#used };
  }

  /** Drops everything after the mark. */
  async rollback(): Promise<void> {
    const mark = this.#mark;
    if (mark === undefined) return;
    if (this.#dispatched > mark.frames) {
      while (this.#flying.length > 0) await this.#landOne();
      if (mark.file !== undefined) {
        fs.ftruncateSync(this.#fd, mark.file.size);
        this.#fileSize = mark.file.size;
        this.#hash = mark.file.hash;
      }
      this.#sizes.length = mark.frames;
      this.#dispatched = mark.frames;
      this.#used = 0;
      giveBack(this.#piece);
      this.#piece = wholePiece();
      this.#piece.set(mark.prefix ?? NO_PIECE);
    }
    this.#used = mark.used;
    this.#mark = { frames: mark.frames, used: mark.used };
  }

  /** Writes what is left and the seek table, syncs and closes. */
  async finish(): Promise<WrittenFrames> {
    this.#mark = undefined;
    const contentSize = this.position;
    if (this.#used > 0) this.#dispatch();
    while (this.#flying.length > 0) await this.#landOne();
    const framed = this.#options.compression === 'zstd';
    if (framed) this.#append(encodeSeekTable(this.#sizes));
    await this.#flushed;
    await fsyncMeanwhile(this.#fd);
    this.#close();
    giveBack(this.#piece);
    this.#piece = NO_PIECE;
    return {
      size: this.#fileSize,
      sha256: this.#hash.digest('hex'),
      contentSize,
      frames: framed ? this.#sizes.length : 0,
    };
  }

  /** Waits until nothing is under way and closes without finishing. The caller removes the file. After `finish` this does nothing. */
  async abort(): Promise<void> {
    await Promise.allSettled([this.#flushed, this.#flying.settled()]);
    this.#close();
  }

  /** Closes the descriptor only once, because the number of a closed one may already belong to another file. */
  #close(): void {
    if (!this.#closed) fs.closeSync(this.#fd);
    this.#closed = true;
  }

  #dispatch(): void {
    const piece = this.#piece;
    const content = piece.subarray(0, this.#used);
    const mark = this.#mark;
    if (mark !== undefined && mark.frames === this.#dispatched && mark.prefix === undefined) {
      mark.prefix = Buffer.from(piece.subarray(0, mark.used));
    }
    const compressed = this.#compress(content).finally(() => {
      if (this.#options.compression === 'zstd') giveBack(piece);
    });
    this.#flying.push(compressed);
    this.#sizes.push({ compressedSize: 0, size: content.length });
    this.#dispatched++;
    this.#piece = NO_PIECE;
    this.#used = 0;
  }

  #grow(): void {
    const full = this.#piece;
    const isSmall = this.#dispatched === 0 && full.length < FIRST_ROOM && spare.length === 0;
    this.#piece = isSmall ? Buffer.allocUnsafeSlow(FIRST_ROOM) : wholePiece();
    this.#piece.set(full);
  }

  async #compress(content: Buffer): Promise<Buffer> {
    if (this.#options.compression === 'none') return content;
    const likely = Math.min(Math.max(LEAST_OUTPUT, this.#lastFrame * 1.25), content.length + FRAME_OVERHEAD);
    const frame = await compressFrame(content, this.#options.level, likely);
    this.#lastFrame = frame.length;
    return frame;
  }

  async #landOne(): Promise<void> {
    const number = this.#dispatched - this.#flying.length;
    const bytes = await this.#flying.take();
    if (bytes === undefined) return;
    const mark = this.#mark;
    if (mark !== undefined && mark.frames === number && mark.file === undefined) {
      mark.file = { hash: this.#hash.copy(), size: this.#fileSize };
    }
    const sizes = this.#sizes[number];
    if (sizes !== undefined) sizes.compressedSize = bytes.length;
    this.#append(bytes);
    if (this.#options.compression === 'none') giveBack(Buffer.from(bytes.buffer));
    else freeMemory(bytes);
  }

  #append(bytes: Buffer): void {
    // Written by position: after a rollback has cut the file, the position of the descriptor itself is after the end, and would leave a hole of
    // zeros.
    for (let done = 0; done < bytes.length;) {
      done += fs.writeSync(this.#fd, bytes, done, bytes.length - done, this.#fileSize + done);
    }
    this.#hash.update(bytes);
    this.#fileSize += bytes.length;
    this.#unflushed += bytes.length;
    if (this.#unflushed >= FLUSH_BYTES) this.#startFlush();
  }

  /** Only one flush runs at a time, so a disk that cannot keep up gets more bytes with each flush. */
  #startFlush(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    this.#unflushed = 0;
    const flushed = flushMeanwhile(this.#fd).finally(() => {
      this.#flushing = false;
    });
    this.#flushed = Promise.all([this.#flushed, flushed]);
    // The promise is awaited at the end. Without this handler, an error before that would count as unhandled.
    this.#flushed.catch(() => {});
  }
}

function wholePiece(): Buffer {
  return spare.pop() ?? Buffer.allocUnsafeSlow(PIECE_BYTES);
}

function giveBack(piece: Buffer): void {
  if (piece.length === PIECE_BYTES && spare.length <= IN_FLIGHT) spare.push(piece);
}
