import { BackupError } from '../model/backup-error.ts';
import type { Entry } from '../model/entry.ts';
import type { Archive } from '../model/manifest.ts';
import { absentRangesOf } from './absent-ranges.ts';
import { FramedFile } from './framed-file.ts';
import { PIECE_BYTES } from './seek-table.ts';
import { headerLength } from './tar-decode.ts';
import { MOST_HEADER_BYTES, TAR_BLOCK } from './ustar.ts';
import { decodePlainHeader } from './tar-plain.ts';

/** How many decompressed pieces are kept, because a reader of tables jumps between a few places. */
const CACHED_PIECES = 8;

/** Synchronous random access to the content of an archive's members. Only the frames that are needed are decompressed. */
export class MemberFiles {
  readonly #framed: FramedFile;
  readonly #file: string;
  readonly #cache = new Map<number, Buffer>();

  constructor(file: string, facts: Archive) {
    const framed = FramedFile.open(file, facts.compression);
    if ('problem' in framed) throw damaged(file, framed.problem);
    this.#framed = framed;
    this.#file = file;
  }

  /** Fetches what these members need, where an archive is fetched when it is read. Call it before the constructor. */
  static async fetch(file: string, facts: Archive, entries: readonly Entry[]): Promise<void> {
    if (entries.length === 0 || absentRangesOf(file) === undefined) return;
    const framed = await FramedFile.openFetched(file, facts.compression);
    if ('problem' in framed) return;
    try {
      for (const { offset, size } of entries) await framed.fetch(offset, offset + MOST_HEADER_BYTES + size);
    } finally {
      framed.close();
    }
  }

  close(): void {
    this.#framed.close();
  }

  /** The bytes of one member that is a file. `read` returns fewer bytes than `length` only at its end. Throws BACKUP_DAMAGED. */
  open(entry: Entry): { readonly size: number; read(position: number, length: number): Buffer } {
    const block = this.#bytes(entry.offset, TAR_BLOCK);
    const header = decodePlainHeader(block)?.headerBytes ?? headerLength(block);
    if (typeof header === 'string') throw damaged(this.#file, `${entry.path}: ${header}`);
    const start = entry.offset + header;
    return {
      size: entry.size,
      read: (position, length) => this.#bytes(start + position, Math.max(0, Math.min(length, entry.size - position))),
    };
  }

  #bytes(position: number, length: number): Buffer {
    if (length === 0) return Buffer.alloc(0);
    const number = Math.floor(position / PIECE_BYTES);
    const from = position - number * PIECE_BYTES;
    const piece = this.#piece(number);
    if (from + length <= piece.length) return piece.subarray(from, from + length);
    const head = piece.subarray(from);
    if (head.length === 0) throw damaged(this.#file, 'ends too early');
    return Buffer.concat([head, this.#bytes(position + head.length, length - head.length)]);
  }

  #piece(number: number): Buffer {
    const cached = this.#cache.get(number);
    if (cached !== undefined) {
      this.#cache.delete(number);
      this.#cache.set(number, cached);
      return cached;
    }
    if (number >= this.#framed.pieces) throw damaged(this.#file, 'ends too early');
    const piece = this.#framed.pieceSync(number);
    if (piece.bytes === null)
      throw damaged(this.#file, `frame ${number + 1} of ${this.#framed.pieces} ${piece.problem}`);
    this.#cache.set(number, piece.bytes);
    for (const oldest of this.#cache.keys()) {
      if (this.#cache.size <= CACHED_PIECES) break;
      this.#cache.delete(oldest);
    }
    return piece.bytes;
  }
}

function damaged(file: string, what: string): BackupError {
  return new BackupError('BACKUP_DAMAGED', `${file}: ${what}`, {
    hint: 'migbackup verify shows which parts of the backup are still good.',
    path: file,
  });
}
