import { hash as oneShotHash } from 'node:crypto';
import type { Entry } from '../model/entry.ts';
import type { Finding } from '../model/finding.ts';
import type { CodeOf } from '../model/finding-codes.ts';
import type { Archive } from '../model/manifest.ts';
import { escapeName } from '../paths/names.ts';
import { throwIfInterrupted } from '../model/backup-error.ts';
import { hashOfFile, type FileHash } from './file-hash.ts';
import { fromFirstFetched } from './absent-ranges.ts';
import { FramedFile, type Piece } from './framed-file.ts';
import { decodeHeader, headerDifferences, headerLength, type TarMember } from './tar-decode.ts';
import type { MemberSink } from './member-sink.ts';
import { isDamage, PieceCursor, type Bytes } from './piece-cursor.ts';
import { decodePlainHeader } from './tar-plain.ts';
import { END_BLOCKS, MOST_HEADER_BYTES, TAR_BLOCK } from './ustar.ts';
import { unusable } from './unusable-archive.ts';

export interface ArchiveReadOptions {
  readonly file: string;
  readonly category: string;
  readonly facts: Archive;
  /** The category's index entries, in order. */
  readonly entries: AsyncIterable<Entry[]>;
  /** Selects the entries to read. Frames with no selected entry are not touched. If it is undefined, everything is read and hashed. */
  readonly select?: ((entry: Entry) => boolean) | undefined;
  readonly sink?: MemberSink | undefined;
  readonly onFinding: (finding: Finding) => void;
  /** Called with what has been read since the last call. It is also called within a file that is in more than one piece. */
  readonly onProgress?: ((files: number, bytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads an archive and compares it with its index. Each member, in order, must begin where the index says and right after the one before, decode to
 * exactly its entry, and have its SHA-256. After the last one come the end blocks and nothing else. Damage is reported as findings that name the
 * frame and every affected file, and reading goes on after it. Resolves with the SHA-256 of the file, or with null if only a selection was read.
 */
export async function readArchive(options: ArchiveReadOptions): Promise<string | null> {
  const entries = await fromFirstFetched(options.file, options.entries, options.select);
  if (entries === null) return null;
  const framed = await FramedFile.openFetched(options.file, options.facts.compression);
  if ('problem' in framed) {
    options.onFinding(await unusable(options, framed.problem));
    return null;
  }
  const walk = new ArchiveWalk(framed, { ...options, entries });
  try {
    return await walk.run();
  } finally {
    await walk.close();
    framed.close();
  }
}

class ArchiveWalk {
  readonly #framed: FramedFile;
  readonly #options: ArchiveReadOptions;
  readonly #cursor: PieceCursor;
  readonly #hash: FileHash;
  /** The hash of a member that is in more than one piece. */
  readonly #contentHash: FileHash;
  readonly #damaged = new Map<number, { piece: Piece; affects: string[] }>();
  readonly #beyond: string[] = [];
  /** Where the next member must begin. Null if that is not known, because of damage or a selection. */
  #expected: number | null = 0;
  /** The bytes of the current member that `onProgress` was told about. */
  #counted = 0;

  constructor(framed: FramedFile, options: ArchiveReadOptions) {
    this.#framed = framed;
    this.#options = options;
    const everything = options.select === undefined;
    this.#hash = hashOfFile(everything ? framed.size : 0);
    this.#contentHash = hashOfFile(everything ? framed.size : 0);
    this.#cursor = new PieceCursor(framed, {
      everything,
      ...(everything ? { hash: this.#hash } : {}),
      onPiece: (piece) => {
        if (piece.bytes === null) this.#damaged.set(piece.number, { piece, affects: [] });
      },
    });
  }

  async run(): Promise<string | null> {
    const { select, onProgress, signal, entries } = this.#options;
    for await (const batch of entries) {
      for (const entry of batch) {
        throwIfInterrupted(signal);
        this.#checkPlace(entry);
        if (select !== undefined && !select(entry)) {
          this.#expected = null;
          continue;
        }
        await this.#member(entry);
        if (entry.type === 'file') onProgress?.(1, entry.size - this.#counted);
        this.#counted = 0;
      }
    }
    if (select !== undefined) {
      this.#reportDamage();
      return null;
    }
    await this.#tail();
    await this.#cursor.drain();
    this.#reportDamage();
    this.#compareFacts();
    return this.#hash.digest();
  }

  async close(): Promise<void> {
    await this.#hash.close();
    await this.#contentHash.close();
  }

  #checkPlace(entry: Entry): void {
    if (this.#expected === null || entry.offset === this.#expected) return;
    this.#find(
      'archive-gap',
      `the index says that ${escapeName(entry.path)} begins at ${entry.offset}, but the member before it ends at ${this.#expected}`,
      {
        affects: [entry.path],
        evidence: { offset: entry.offset, expected: this.#expected },
      },
    );
  }

  async #member(entry: Entry): Promise<void> {
    this.#options.sink?.begin(entry);
    if (this.#framed.isPartly) await this.#framed.fetch(entry.offset, entry.offset + MOST_HEADER_BYTES + entry.size);
    const header = await this.#header(entry);
    let good = false;
    if (header === null) this.#expected = null;
    else {
      const start = entry.offset + header.headerBytes;
      const matches = this.#compareHeader(entry, header);
      good = (await this.#content(entry, start)) && matches;
      this.#expected = start + Math.ceil(entry.size / TAR_BLOCK) * TAR_BLOCK;
    }
    const ended = this.#options.sink?.end(entry, good);
    if (ended instanceof Promise) await ended;
  }

  async #header(entry: Entry): Promise<TarMember | null> {
    const first = this.#cursor.atHand(entry.offset, TAR_BLOCK);
    const block =
      first !== undefined && !isDamage(first) && first.length === TAR_BLOCK
        ? first
        : await this.#cursor.exactly(entry.offset, TAR_BLOCK);
    if (isDamage(block)) return this.#hitHeader(block.piece, entry);
    const plain = decodePlainHeader(block);
    if (plain !== null) return plain;
    const length = headerLength(block);
    if (typeof length === 'string') return this.#badHeader(entry, length);
    const bytes = length === TAR_BLOCK ? block : await this.#cursor.exactly(entry.offset, length);
    if (isDamage(bytes)) return this.#hitHeader(bytes.piece, entry);
    const member = decodeHeader(bytes);
    return typeof member === 'string' ? this.#badHeader(entry, member) : member;
  }

  #badHeader(entry: Entry, what: string): null {
    this.#find('header-altered', `${escapeName(entry.path)}: ${what}`, { path: entry.path, affects: [entry.path] });
    return null;
  }

  #compareHeader(entry: Entry, member: TarMember): boolean {
    const what = headerDifferences(entry, member);
    if (what.length === 0) return true;
    const about = { path: entry.path, affects: [entry.path] };
    this.#find('header-differs', `${escapeName(entry.path)}: ${what.join('; ')}`, about);
    return false;
  }

  async #content(entry: Entry, start: number): Promise<boolean> {
    if (entry.type !== 'file') return true;
    const whole = this.#cursor.atHand(start, entry.size);
    let actual: string;
    if (whole !== undefined && !isDamage(whole) && whole.length === entry.size) {
      const taken = this.#options.sink?.data(whole, this.#cursor.memory);
      actual = oneShotHash('sha256', whole, 'hex');
      if (taken instanceof Promise) await taken;
    } else {
      const streamed = await this.#streamContent(entry, start);
      if (streamed === null) return false;
      actual = streamed;
    }
    if (!(await this.#paddingIsZero(entry, start + entry.size))) return false;
    if (actual === entry.sha256) return true;
    this.#find('file-altered', `${escapeName(entry.path)}: sha256 is ${actual}, expected ${entry.sha256}`, {
      path: entry.path,
      affects: [entry.path],
      evidence: { actual, expected: entry.sha256 },
    });
    return false;
  }

  /** @param from how many bytes to skip, because the cursor is already behind them */
  async #streamContent(entry: Entry, start: number, from = 0): Promise<string | null> {
    let whole = from === 0;
    for (let done = from; done < entry.size;) {
      throwIfInterrupted(this.#options.signal);
      const chunk: Bytes = await this.#cursor.chunk(start + done, entry.size - done);
      if (isDamage(chunk)) {
        // Read on, because every damaged piece must name each file that has content in it.
        this.#hit(chunk.piece, entry);
        if (chunk.piece === null) return null;
        whole = false;
        done = chunk.piece.offset + chunk.piece.size - start;
        continue;
      }
      done += chunk.length;
      if (done < entry.size) this.#count(chunk.length);
      if (!whole) continue;
      const { sink } = this.#options;
      const isOurs = sink === undefined && this.#cursor.transfer(chunk);
      const added = isOurs ? this.#contentHash.transfer(chunk) : this.#contentHash.add(chunk);
      const taken = sink?.data(chunk, this.#cursor.memory);
      if (added instanceof Promise) await added;
      if (taken instanceof Promise) await taken;
    }
    const digest = await this.#contentHash.digest();
    return whole ? digest : null;
  }

  #count(bytes: number): void {
    this.#counted += bytes;
    this.#options.onProgress?.(0, bytes);
  }

  /** Whether zeros fill the last block. Anything else there would be hidden content. */
  async #paddingIsZero(entry: Entry, end: number): Promise<boolean> {
    const length = (TAR_BLOCK - (end % TAR_BLOCK)) % TAR_BLOCK;
    if (length === 0) return true;
    const padding = this.#cursor.atHand(end, length) ?? (await this.#cursor.chunk(end, length));
    if (isDamage(padding)) return this.#hit(padding.piece, entry) !== null;
    if (padding.equals(END_BLOCKS.subarray(0, length))) return true;
    const about = { path: entry.path, affects: [entry.path] };
    this.#find('archive-gap', `${escapeName(entry.path)}: its padding is not zero`, about);
    return false;
  }

  async #tail(): Promise<void> {
    const from = this.#expected;
    if (from === null) return;
    const blocks = await this.#cursor.exactly(from, 2 * TAR_BLOCK);
    const end = from + 2 * TAR_BLOCK;
    if (isDamage(blocks)) {
      if (blocks.piece === null) this.#find('archive-tail', 'the end blocks are missing', {});
    } else if (!blocks.every((byte) => byte === 0)) {
      this.#find('archive-tail', 'holds more than the index lists: there is a member after the last one', {});
    } else if (this.#framed.contentSize !== end) {
      this.#find('archive-tail', `has ${this.#framed.contentSize - end} bytes after its end`, {});
    }
  }

  #compareFacts(): void {
    const { facts } = this.#options;
    const pairs: [keyof Archive, number, number][] = [
      ['size', facts.size, this.#framed.size],
      ['tarSize', facts.tarSize, this.#framed.contentSize],
      ['frames', facts.frames, facts.compression === 'zstd' ? this.#framed.pieces : 0],
    ];
    for (const [key, stated, counted] of pairs) {
      if (stated === counted) continue;
      this.#find('archive-differs', `manifest ${key} says ${stated}, but the file has ${counted}`, {
        evidence: { key, stated, counted },
      });
    }
  }

  /** Records that this entry is lost because of a damaged piece, or because the content ends. */
  #hit(piece: Piece | null, entry: Entry): null {
    const list = piece === null ? this.#beyond : this.#damaged.get(piece.number)?.affects;
    if (list !== undefined && list.at(-1) !== entry.path) list.push(entry.path);
    return null;
  }

  /** The same for an entry whose header is lost. Pieces with its content may be damaged too. */
  async #hitHeader(piece: Piece | null, entry: Entry): Promise<null> {
    this.#hit(piece, entry);
    const start = entry.offset + TAR_BLOCK;
    if (entry.type === 'file' && piece !== null)
      await this.#streamContent(entry, start, Math.max(0, piece.offset - start));
    return null;
  }

  #reportDamage(): void {
    for (const { piece, affects } of this.#damaged.values()) {
      const evidence = { frame: piece.number + 1, frames: this.#framed.pieces };
      const message = `frame ${evidence.frame} of ${evidence.frames} ${piece.problem}`;
      this.#find('frame-damaged', message, { affects, evidence });
    }
    if (this.#beyond.length > 0)
      this.#find('archive-truncated', 'ends before its last members', { affects: this.#beyond });
  }

  #find(code: CodeOf<'error'>, message: string, extra: Pick<Finding, 'path' | 'affects' | 'evidence'>): void {
    const { facts, category, onFinding } = this.#options;
    onFinding({ code, severity: 'error', message: `${facts.file}: ${message}`, path: facts.file, category, ...extra });
  }
}
