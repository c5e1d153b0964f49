import fs from 'node:fs';
import { readFully } from '../../database-files.ts';
import { PageSet } from '../format/page-set.ts';
import { CommitFinder, readWalHeader, WAL_HEADER_SIZE, type WalHeader } from '../format/wal.ts';
import { CHUNK, readAt } from './copy-part.ts';
import type { Part } from './parts.ts';
import { Restart } from './restart.ts';

const AGAIN = 'its log started over';
/** The pause after a look lasts this many times as long as the look. */
const SHARE = 4;
const LEAST_PAUSE_MS = 1;

/**
 * Reads a log while the database file is copied, from one generation to the next. When a generation is over, all its pages are in the database file,
 * so they are noted and copied again. The end of a generation can be read although the next one has begun, because the next one overwrites the frames
 * from the beginning, and has not yet reached the last commit that was read.
 */
export class LogFollower {
  readonly #part: Part;
  readonly #name: string;
  readonly #most: number;
  #head: Buffer;
  #header: WalHeader;
  #pages = new PageSet();
  #finder: CommitFinder;
  /** Pages of finished generations that nobody has taken yet (`takeChanged`). */
  #changed = new PageSet();
  #notBefore = 0;
  readonly #room = Buffer.allocUnsafeSlow(CHUNK);
  /** Whether the log is longer than the limit for a generation. */
  isTooLong = false;
  /** Whether a generation has begun meanwhile. */
  hasMoved = false;

  /** @param most how many bytes of a generation are read, roughly */
  constructor(part: Part, header: WalHeader, name: string, most: number) {
    this.#most = most;
    this.#part = part;
    this.#name = name;
    this.#head = readFully(part.fd, 0, WAL_HEADER_SIZE);
    this.#header = header;
    this.#finder = new CommitFinder(header, this.#pages);
  }

  /** The header of the newest generation, as bytes and decoded. */
  get current(): { readonly head: Buffer; readonly header: WalHeader } {
    return { head: this.#head, header: this.#header };
  }

  get hasChanged(): boolean {
    return !this.#changed.isEmpty;
  }

  /** The pages that have to be copied again. Each is returned only once. */
  takeChanged(): PageSet {
    const changed = this.#changed;
    this.#changed = new PageSet();
    return changed;
  }

  /** Follows the log if the last look is long enough ago. */
  glance(): void {
    if (performance.now() >= this.#notBefore) this.follow();
  }

  /** @throws Restart if a generation is over before it was read to its end */
  follow(): void {
    const began = performance.now();
    const { end, last } = this.#finder;
    const head = readFully(this.#part.fd, 0, WAL_HEADER_SIZE);
    this.#read();
    if (!head.equals(this.#head)) this.#begin(head, !this.isTooLong && last !== null && this.#isThere(last, end));
    const now = performance.now();
    this.#notBefore = now + Math.max(LEAST_PAUSE_MS, (now - began) * SHARE);
  }

  /** Reads on from the last known commit, because what follows a commit may be rolled back and overwritten. */
  #read(): void {
    const { frameSize } = this.#finder;
    const { size } = fs.fstatSync(this.#part.fd);
    const chunk = Math.floor(this.#room.length / frameSize) * frameSize;
    this.isTooLong = false;
    for (let at = this.#finder.rewind(); at + frameSize <= size;) {
      this.isTooLong = at > this.#most;
      if (this.isTooLong) break;
      const wanted = Math.min(chunk, Math.floor((size - at) / frameSize) * frameSize);
      const count = readAt(this.#part.fd, this.#room.subarray(0, wanted), at);
      if (!this.#finder.take(this.#room.subarray(0, count)) || count < wanted) break;
      at += count;
    }
  }

  /** Whether the next generation has not yet overwritten this frame. It writes the frames in order, and the header of each first. */
  #isThere(frame: Buffer, end: number): boolean {
    return readFully(this.#part.fd, end - this.#finder.frameSize, frame.length).equals(frame);
  }

  /** @param isKnown whether the finished generation was read to its end */
  #begin(head: Buffer, isKnown: boolean): void {
    const header = readWalHeader(head, this.#name);
    const isNext =
      header !== null &&
      header.pageSize === this.#header.pageSize &&
      header.salts.readUInt32BE(0) === (this.#header.salts.readUInt32BE(0) + 1) % 2 ** 32;
    if (!isNext || !isKnown) throw new Restart(AGAIN);
    this.#changed.addAll(this.#pages);
    this.#head = head;
    this.#header = header;
    this.#pages = new PageSet();
    this.#finder = new CommitFinder(header, this.#pages);
    this.hasMoved = true;
  }
}
