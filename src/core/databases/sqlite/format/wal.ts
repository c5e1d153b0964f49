import { foreignFile } from './header.ts';
import type { PageSet } from './page-set.ts';

export const WAL_HEADER_SIZE = 32;
const FRAME_HEADER_SIZE = 24;
/** The lowest bit says whether the checksums are over big-endian words. */
const MAGIC = 0x377f0682;
const VERSION = 3_007_000;

type Sums = readonly [number, number];

/** The header of a write-ahead log (https://www.sqlite.org/walformat.html, section 2). Each generation of a log has its own. */
export interface WalHeader {
  /** Bytes. */
  readonly pageSize: number;
  /** Whether the checksums are over little-endian words. */
  readonly little: boolean;
  /** The salts in every frame of the generation. */
  readonly salts: Buffer;
  readonly sums: Sums;
}

/**
 * Reads the header of a log; null if SQLite treats a log with this header as empty (src/wal.c, walIndexRecover).
 * @param bytes the first 32 bytes of the file, fewer where it has no more
 * @throws BackupError DATABASE_FOREIGN if it is whole and of another version, since SQLite does not open such a database
 */
export function readWalHeader(bytes: Buffer, file: string): WalHeader | null {
  if (bytes.length < WAL_HEADER_SIZE) return null;
  const magic = bytes.readUInt32BE(0);
  if ((magic & ~1) !== MAGIC) return null;
  const pageSize = bytes.readUInt32BE(8);
  if (pageSize < 512 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0) return null;
  const little = (magic & 1) === 0;
  const sums = checksum(viewOf(bytes), 0, 24, little, [0, 0]);
  if (!areAt(sums, bytes, 24)) return null;
  const version = bytes.readUInt32BE(4);
  if (version !== VERSION) throw foreignFile(file, `its format is version ${version}, and SQLite reads ${VERSION}`);
  return { pageSize, little, salts: Buffer.from(bytes.subarray(16, 24)), sums };
}

/** Finds the last commit of a log from its frames, which are given one after another. It keeps no frame in memory. */
export class CommitFinder {
  readonly frameSize: number;
  readonly #header: WalHeader;
  readonly #pages: PageSet | undefined;
  #sums: Sums;
  #seen = WAL_HEADER_SIZE;
  /** Sums after the last commit. */
  #committed: Sums;
  /** Pages since the last commit. */
  #open: number[] = [];
  /** Where the last commit ends, in bytes from the start of the log; 0 if there is no commit. */
  end = 0;
  /** The header of the frame of that commit. */
  last: Buffer | null = null;

  /** @param pages collects the pages of committed frames */
  constructor(header: WalHeader, pages?: PageSet) {
    this.#header = header;
    this.#pages = pages;
    this.#committed = header.sums;
    this.#sums = header.sums;
    this.frameSize = FRAME_HEADER_SIZE + header.pageSize;
  }

  /** Goes back to the last commit: the next frames are those after it. Returns where they begin. */
  rewind(): number {
    this.#sums = this.#committed;
    this.#seen = Math.max(this.end, WAL_HEADER_SIZE);
    this.#open = [];
    return this.#seen;
  }

  /** Takes the next frames, each whole. False if one of them is damaged or of another generation: nothing after it counts. */
  take(frames: Buffer): boolean {
    const { little, salts } = this.#header;
    const view = viewOf(frames);
    for (let at = 0; at + this.frameSize <= frames.length; at += this.frameSize) {
      const page = frames.readUInt32BE(at);
      if (page === 0 || !frames.subarray(at + 8, at + 16).equals(salts)) return false;
      const head = checksum(view, at, at + 8, little, this.#sums);
      this.#sums = checksum(view, at + FRAME_HEADER_SIZE, at + this.frameSize, little, head);
      if (!areAt(this.#sums, frames, at + 16)) return false;
      this.#seen += this.frameSize;
      if (this.#pages !== undefined) this.#open.push(page);
      // In the frame of a commit, this is the number of pages that the database has after it.
      if (frames.readUInt32BE(at + 4) !== 0) this.#commit(frames.subarray(at, at + FRAME_HEADER_SIZE));
    }
    return true;
  }

  #commit(frame: Buffer): void {
    this.end = this.#seen;
    this.#committed = this.#sums;
    this.last = Buffer.from(frame);
    for (const page of this.#open) this.#pages?.add(page);
    this.#open = [];
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Sums up words in pairs, modulo 2^32 (src/wal.c, walChecksumBytes). */
function checksum(view: DataView, from: number, to: number, little: boolean, before: Sums): Sums {
  let [first, second] = before;
  for (let at = from; at < to; at += 8) {
    first = (first + view.getInt32(at, little) + second) | 0;
    second = (second + view.getInt32(at + 4, little) + first) | 0;
  }
  return [first, second];
}

function areAt([first, second]: Sums, bytes: Buffer, position: number): boolean {
  return bytes.readInt32BE(position) === first && bytes.readInt32BE(position + 4) === second;
}
