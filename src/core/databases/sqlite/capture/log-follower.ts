import fs from 'node:fs';
import { readFully } from '../../database-files.ts';
import { PageSet } from '../format/page-set.ts';
import { CommitFinder, readWalHeader, WAL_HEADER_SIZE, type WalHeader } from '../format/wal.ts';
import { CHUNK, readAt } from './copy-part.ts';
import type { Part } from './parts.ts';
import { Restart } from './restart.ts';

const AGAIN = 'its log was begun anew';
/** Following takes at most so large a part of the time. */
const SHARE = 4;
const LEAST_PAUSE_MS = 1;

/**
 * Reads a log while the database file is copied, through the generations that it begins. Once one is over, all its pages are in the database file: they are then noted, and copied once
 * more. A generation is known to the end although the next one has begun: that writes over the frames of the last one from the beginning on, and what was read before is not yet reached.
 */
export class LogFollower {
  readonly #part: Part;
  readonly #name: string;
  readonly #most: number;
  #head: Buffer;
  #header: WalHeader;
  #pages = new PageSet();
  #finder: CommitFinder;
  /** Pages of the generations that are over, as far as they were not taken away. */
  #changed = new PageSet();
  #notBefore = 0;
  readonly #room = Buffer.allocUnsafeSlow(CHUNK);
  /** Whether it has more bytes than are read of a generation. */
  isTooLong = false;
  /** Whether a generation has begun meanwhile. */
  hasMoved = false;

  /** @param most bytes that are read of a generation, or a few more */
  constructor(part: Part, header: WalHeader, name: string, most: number) {
    this.#most = most;
    this.#part = part;
    this.#name = name;
    this.#head = readFully(part.fd, 0, WAL_HEADER_SIZE);
    this.#header = header;
    this.#finder = new CommitFinder(header, this.#pages);
  }

  /** Of the generation that was found last: its bytes, and what they say. */
  get current(): { readonly head: Buffer; readonly header: WalHeader } {
    return { head: this.#head, header: this.#header };
  }

  get hasChanged(): boolean {
    return !this.#changed.isEmpty;
  }

  /** The pages that have to be copied once more; they are not told again. */
  takeChanged(): PageSet {
    const changed = this.#changed;
    this.#changed = new PageSet();
    return changed;
  }

  /** Follows if the last time is long enough ago. */
  glance(): void {
    if (performance.now() >= this.#notBefore) this.follow();
  }

  /** @throws Restart if a generation is over and was not read to its end */
  follow(): void {
    const began = performance.now();
    const { end, last } = this.#finder;
    const head = readFully(this.#part.fd, 0, WAL_HEADER_SIZE);
    this.#read();
    if (!head.equals(this.#head)) this.#begin(head, !this.isTooLong && last !== null && this.#isThere(last, end));
    const now = performance.now();
    this.#notBefore = now + Math.max(LEAST_PAUSE_MS, (now - began) * SHARE);
  }

  /** From the last commit that is known on: what is behind a commit may be rolled back and written over. */
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

  /** Whether the next generation has not come so far: it writes frame after frame, and of each its header first. */
  #isThere(frame: Buffer, end: number): boolean {
    return readFully(this.#part.fd, end - this.#finder.frameSize, frame.length).equals(frame);
  }

  /** @param isKnown whether the generation that is over was read to its end */
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
